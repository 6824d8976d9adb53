import json
from dataclasses import fields

import pytest

from mmme_neuro.simulate import DEMO, Effect, StudyParameters
from mmme_neuro.simulate.responses import effects


def test_every_parameter_can_be_written_as_json():
    text = json.dumps(DEMO.to_dict())
    assert set(json.loads(text)) == {field.name for field in fields(StudyParameters)}


def test_null_study_keeps_everything_but_the_difference():
    null = effects(DEMO.under_null())
    for name, effect in effects(DEMO).items():
        assert null[name].micro_minus_macro == 0
        assert null[name].macro == effect.macro
        assert null[name].participant_slope_sd == effect.participant_slope_sd
    assert DEMO.under_null().muscles == DEMO.muscles
    assert effects(DEMO)["premotor"].micro_minus_macro != 0


def test_muscles_only_silences_brain_and_body():
    assert set(effects(DEMO.muscles_only()).values()) == {Effect(0.0, 0.0)}
    assert DEMO.muscles_only().muscles.macro_uv > 0


def test_parameters_can_be_keys():
    # The estimands of a study are computed once per set of parameters.
    assert hash(DEMO) == hash(
        StudyParameters(**{f.name: getattr(DEMO, f.name) for f in fields(DEMO)})
    )
    with pytest.raises(AttributeError):
        DEMO.lead_s = 3.0


def test_parameters_come_back_from_their_file():
    content = json.loads(json.dumps(DEMO.to_dict()))
    assert StudyParameters.from_dict(content) == DEMO
