import json

import numpy as np

from mmme_neuro.pipeline.provenance import DERIVING
from mmme_neuro.report.constants import PACKAGES, method_constants, software_versions
from mmme_neuro.signals.eeg.ica import AGREEING_EYE_R


def test_constants_are_those_of_the_code():
    constants = method_constants()
    assert constants["cleaning"]["agreeing_eye_r"] == AGREEING_EYE_R
    assert "line_hz" not in constants["cleaning"]  # an option: a run says what it used
    assert constants["regions"]["occipital"][0] == "PO3"
    assert constants["bands_hz"]["alpha"] == [8.0, 13.0]
    json.dumps(constants)  # plain values only


def test_versions_name_every_package():
    versions = software_versions()
    assert versions["numpy"] == np.__version__
    assert set(PACKAGES) <= set(versions)
    computing = "numba formulaic clarabel onnxruntime statsmodels pingouin nilearn".split()
    assert {*computing, *DERIVING} <= set(PACKAGES)
    assert len(PACKAGES) == len(set(PACKAGES))
    assert versions["python"].startswith("3.")
