"""EEG channels without a position, and samples that are missing, in cleaning."""

import mne
import numpy as np
import pytest

from mmme_neuro import clean_eeg, find_components
from mmme_neuro.errors import BadInput, MissingInput
from mmme_neuro.io.montage import place_electrodes
from mmme_neuro.signals import CleaningDecisions
from mmme_neuro.signals.eeg.clean import current_source_density
from mmme_neuro.signals.eeg.ica import _largest_correlation

NAMES = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split()
SFREQ, N_TIMES = 250.0, 250 * 60


def recording(extra=None, *, names=NAMES):
    """Sixty seconds of smooth EEG, and further EEG-typed channels under their names."""
    rng = np.random.default_rng(0)
    eeg = 7e-6 * (rng.standard_normal((19, 4)) @ rng.standard_normal((4, N_TIMES)))
    eeg += 2e-6 * rng.standard_normal(eeg.shape)
    extra = extra or {}
    data = np.vstack([eeg, *(values[None] for values in extra.values())])
    info = mne.create_info([*names, *extra], SFREQ, "eeg")
    return mne.io.RawArray(data, info, verbose="error"), eeg


def placed(extra=None):
    raw, _ = recording(extra)
    return place_electrodes(raw)


def extra_channels():
    rng = np.random.default_rng(1)
    wave = np.sin(np.arange(N_TIMES) / 20.0)
    return {
        "huge": 1e-3 * rng.standard_normal(N_TIMES),
        "flat": np.zeros(N_TIMES),
        "missing": np.full(N_TIMES, np.nan),
        "infinite": np.where(np.arange(N_TIMES) == 99, np.inf, 1e-5 * wave),
        "good": recording()[1][4] + 1e-6 * rng.standard_normal(N_TIMES),
    }


@pytest.mark.filterwarnings("ignore:No position")
@pytest.mark.parametrize("ransac", [False, True])
@pytest.mark.parametrize("kind", extra_channels())
def test_a_channel_without_a_position_changes_no_other(kind, ransac):
    alone = clean_eeg(placed(), ica=False, ransac=ransac, rng=0)
    raw = placed({"EXG1": extra_channels()[kind]})
    with pytest.warns(UserWarning, match=r"\['EXG1'\] have no position"):
        cleaned = clean_eeg(raw, ica=False, ransac=ransac, rng=0)
    np.testing.assert_array_equal(cleaned.raw.get_data("eeg"), alone.raw.get_data("eeg"))
    assert cleaned.bad_channels == alone.bad_channels
    assert dict(cleaned.left_out) == {"EXG1": "no position"}
    assert cleaned.raw.get_channel_types(picks=["EXG1"]) == ["misc"]
    assert any("EXG1" in note for note in cleaned.notes)
    row = cleaned.table().query("what == 'left out'")
    assert row["which"].tolist() == ["EXG1"]
    assert np.isfinite(cleaned.raw.get_data()).all()


@pytest.mark.filterwarnings("ignore:No position", "ignore:clean_eeg")
def test_bad_electrodes_beside_it_are_interpolated_from_those_in_place():
    extra = {"acc1": extra_channels()["huge"]}
    raws = placed(), place_electrodes(recording(extra)[0])
    for raw in raws:
        raw._data[9] = 0.0
    one, other = (clean_eeg(raw, ica=False, ransac=False) for raw in raws)
    assert one.bad_channels == other.bad_channels == {"Cz": "flat"}
    np.testing.assert_array_equal(one.raw.get_data("eeg"), other.raw.get_data("eeg"))
    assert 2e-6 < other.raw.get_data(["Cz"]).std() < 5e-5


def test_without_any_position_nothing_is_interpolated_and_all_is_finite():
    raw, eeg = recording(names=[f"ch{number}" for number in range(19)])
    raw._data[3] = 0.0
    with pytest.warns(UserWarning, match=r"\['ch3'\] have no position"):
        cleaned = clean_eeg(raw, ica=False, ransac=True, rng=0)
    assert cleaned.bad_channels == {"ch3": "flat"}
    assert "not to be interpolated" in cleaned.left_out["ch3"]
    kept = cleaned.raw.get_data("eeg")
    assert len(kept) == 18 and np.isfinite(kept).all()
    np.testing.assert_allclose(kept.mean(axis=0), 0, atol=1e-15)


@pytest.mark.filterwarnings("ignore:No position", "ignore:clean_eeg")
def test_components_have_labels_though_one_channel_has_no_position():
    pytest.importorskip("mne_icalabel")
    raw = placed({"EXG1": extra_channels()["good"]})
    found = find_components(raw, ransac=False, rng=1)
    assert "EXG1" not in found.ica.ch_names
    assert found.table["p_brain"].notna().all()
    cleaned = clean_eeg(raw, components=found)
    assert np.isfinite(cleaned.raw.get_data("eeg")).all()
    assert dict(cleaned.left_out) == {"EXG1": "no position"}


@pytest.mark.filterwarnings("ignore:No position")
def test_a_channel_without_a_position_cannot_be_kept_by_decision():
    raw = placed({"EXG1": extra_channels()["good"]})
    with pytest.raises(BadInput, match=r"\['EXG1'\], which have no position.*set_montage"):
        clean_eeg(
            raw, ica=False, rng=0, decisions=CleaningDecisions(good_channels={"EXG1": "mine"})
        )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_missing_samples_never_leave_the_cleaning(value):
    raw = placed()
    raw._data[4] = value  # a channel that recorded nothing
    raw._data[7, 1000:1010] = value
    raw._data[:, 5000:5500] = value  # two seconds of nothing
    raw._data[:, :3] = value
    cleaned = clean_eeg(raw, ica=False, rng=0)
    assert np.isfinite(cleaned.raw.get_data("eeg")).all()
    assert cleaned.bad_channels["Fz"].startswith("missing (NaN)")
    assert cleaned.bad_channels["T7"].startswith("missing (NaN)")
    marks = cleaned.raw.annotations
    assert set(marks.description) == {"BAD missing"}
    np.testing.assert_allclose(sorted(marks.duration), [0.012, 2.0], atol=1e-9)
    assert any("2.01 s of the recording are missing" in note for note in cleaned.notes)


def test_missing_eye_channels_do_not_hide_the_others():
    rng = np.random.default_rng(2)
    eye = rng.standard_normal(500)
    sources = np.vstack([eye + 0.1 * rng.standard_normal(500), rng.standard_normal(500)])
    found = _largest_correlation(sources, np.vstack([np.zeros(500), eye]))
    assert found[0] > 0.95 and found[1] < 0.2
    np.testing.assert_array_equal(_largest_correlation(sources, np.zeros((1, 500))), [0, 0])


def test_source_density_asks_for_positions():
    raw, _ = recording(names=[f"ch{number}" for number in range(19)])
    with pytest.raises(MissingInput, match=r"'ch0'.*set_montage"):
        current_source_density(raw)


@pytest.mark.parametrize("factor", [1e6, 1e3])
def test_an_eeg_in_another_unit_is_cleaned_with_a_word(factor):
    raw = placed()
    raw._data *= factor
    with pytest.warns(UserWarning, match="expected EEG in volt with a spread of 0.1 uV to 5 mV"):
        clean_eeg(raw, ica=False, rng=0)
