"""The options of the command line are the fields of the verbs' options."""

import json
import re
from dataclasses import fields, is_dataclass, replace
from typing import get_type_hints

import pytest
import typer
from typer.testing import CliRunner

from analyses import study as choices
from mmme_neuro import cli
from mmme_neuro.epochs import Epoching
from mmme_neuro.pipeline import Options
from mmme_neuro.rejection import Rejection
from mmme_neuro.signals import Cleaning, Deriving

PARTS = {"clean": Cleaning, "physio": Deriving, "epochs": Epoching, "reject": Rejection}
COMMANDS = typer.main.get_command(cli.app).commands


def parsed(*words):
    """Options that a command line asks for."""
    command = COMMANDS["preprocess"]
    given = command.make_context("preprocess", ["study", *words]).params
    return cli.options_from({n: v for n, v in given.items() if n in cli._parameters_of(Options)})


def test_every_field_is_an_option_with_its_text():
    by_name = {each.name: each for each in COMMANDS["preprocess"].params}
    hints = get_type_hints(Options)
    assert {name for name, kind in hints.items() if is_dataclass(kind)} == set(PARTS)
    for part, options in PARTS.items():
        docs = cli.docs_of(options)
        assert set(docs) == {each.name for each in fields(options)}
        for each in fields(options):
            option = by_name[f"{part}_{each.name}"]
            assert f"--{part}-{each.name}".replace("_", "-") in option.opts
            assert option.help.startswith(docs[each.name])
    assert {"merge", "continuous", "rng"} <= set(by_name)


def test_the_defaults_are_those_of_the_verbs_and_the_seed_the_study_s():
    assert parsed() == Options(rng=choices.SEED)
    assert cli.SEED == choices.SEED
    assert parsed("--epochs-condition", choices.CONDITION) == choices.PREPROCESSING
    assert parsed("--seed", "7") == Options(rng=7)


@pytest.mark.parametrize(
    ("words", "part", "changes"),
    [
        ("--clean-line-hz 60 --clean-highpass-hz .5", "clean",
         {"line_hz": 60.0, "highpass_hz": 0.5}),
        ("--clean-line-hz 0 --clean-lowpass-hz 40", "clean",
         {"line_hz": None, "lowpass_hz": 40.0}),
        ("--clean-sfreq 500 --no-clean-ransac --no-clean-iclabel --clean-ica-method infomax",
         "clean", {"sfreq": 500.0, "ransac": False, "iclabel": False, "ica_method": "infomax"}),
        ("--clean-eye-r .6 --clean-muscle-r .4 --clean-muscle-log-ratio -0.1", "clean",
         {"eye_r": 0.6, "muscle_r": 0.4, "muscle_log_ratio": -0.1}),
        ("--clean-label-probability .9 --no-clean-ica --clean-reference csd", "clean",
         {"label_probability": 0.9, "ica": False, "reference": "csd"}),
        ("--physio-eda-method cvxeda --physio-sfreq 25", "physio",
         {"eda_method": "cvxeda", "sfreq": 25.0}),
        ("--epochs-lock apex --epochs-eeg -1 1.5 --epochs-slow 0 0", "epochs",
         {"lock": "apex", "eeg": (-1.0, 1.5), "slow": None}),
        ("--epochs-baseline -1 -0.5", "epochs", {"baseline": (-1.0, -0.5)}),
        ("--reject-rule autoreject --reject-n-interpolate 1 --reject-n-interpolate 2", "reject",
         {"rule": "autoreject", "n_interpolate": (1, 2)}),
    ],
)  # fmt: skip
def test_every_option_reaches_its_verb(words, part, changes):
    expected = Options(rng=cli.SEED)
    changed = replace(getattr(expected, part), **changes)
    assert parsed(*words.split()) == replace(expected, **{part: changed})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--reject-rule", "mad"], "'threshold', 'autoreject'"),
        (["--physio-eda-method", "ledalab"], "'highpass', 'cvxeda'"),
        (["--clean-ica-method", "jade"], "'picard', 'infomax'"),
        (["--clean-line-hz", "16.7"], "line_hz must be at least 20 Hz"),
        (["--reject-eeg-uv", "0"], "eeg_uv must be positive"),
    ],
)
def test_impossible_options_are_explained(tmp_path, words, message):
    run = CliRunner().invoke(cli.app, ["preprocess", str(tmp_path), *words])
    assert run.exit_code == 2
    assert message in re.sub(r"[\s\u2502]+", " ", run.output)


def test_bids_states_the_mains(study, tmp_path):
    for words, expected in (([], 50.0), (["--line-hz", "60"], 60.0), (["--line-hz", "0"], "n/a")):
        out = tmp_path / str(expected).replace("/", "")
        run = CliRunner().invoke(cli.app, ["bids", str(study), str(out), *words])
        assert run.exit_code == 0, run.output
        sidecar = next(out.glob("sub-01/eeg/*_eeg.json"))
        assert json.loads(sidecar.read_text())["PowerLineFrequency"] == expected
