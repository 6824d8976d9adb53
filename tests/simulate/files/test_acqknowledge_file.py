import numpy as np
import pytest
from scipy.io import loadmat

from mmme_neuro.io.physio import read_physio
from mmme_neuro.simulate.files.acqknowledge_file import LABELS, UNITS, write_acqknowledge_mat


@pytest.fixture
def data():
    return np.random.default_rng(4).normal(size=(500, 17))


def test_variables_have_the_shapes_of_a_real_export(tmp_path, data, shared_data):
    path = write_acqknowledge_mat(tmp_path / "a.mat", data)
    ours = loadmat(path)
    theirs = loadmat(shared_data / "biopac" / "physio-4.4.0_AcqKnowledge_style.mat")
    variables = {name for name in theirs if not name.startswith("__")}
    assert {name for name in ours if not name.startswith("__")} == variables
    for name in variables:
        assert ours[name].dtype.kind == theirs[name].dtype.kind, name
        assert ours[name].ndim == theirs[name].ndim, name
    assert len({len(label) for label in ours["labels"]}) == 1


def test_samples_labels_and_interval_are_what_was_given(tmp_path, data):
    content = loadmat(write_acqknowledge_mat(tmp_path / "a.mat", data, isi_ms=0.5, start_sample=7))
    np.testing.assert_array_equal(content["data"], data)
    assert [label.rstrip() for label in content["labels"]] == list(LABELS)
    assert [unit.rstrip() for unit in content["units"]] == list(UNITS)
    assert content["isi"] == 0.5 and content["isi_units"] == "ms" and content["start_sample"] == 7


def test_single_precision_stays_single(tmp_path, data):
    path = write_acqknowledge_mat(tmp_path / "a.mat", data.astype("f4"))
    assert loadmat(path)["data"].dtype == np.float32


def test_reader_returns_what_was_written(tmp_path, data):
    raw = read_physio(write_acqknowledge_mat(tmp_path / "a.mat", data))
    assert raw.info["sfreq"] == 1000.0
    np.testing.assert_array_equal(raw.get_data("PPG")[0], data[:, 0])
    np.testing.assert_allclose(raw.get_data("EDA")[0], data[:, 4] * 1e-6, rtol=1e-15)
    np.testing.assert_array_equal(raw.get_data("D7")[0], data[:, 15])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": LABELS[:-1]}, "16 labels"),
        ({"units": UNITS[:3]}, "3 units"),
        ({"path": "a.txt"}, "'.mat'"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_is_left(tmp_path, data, changes, message):
    arguments = {"path": "a.mat", "labels": LABELS, "units": UNITS} | changes
    path = tmp_path / arguments.pop("path")
    with pytest.raises(ValueError, match=message):
        write_acqknowledge_mat(path, data, **arguments)
    assert not list(tmp_path.iterdir())
