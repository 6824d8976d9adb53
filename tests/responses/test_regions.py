import mne
import pytest

from mmme_neuro.responses.regions import (
    LOBES,
    ROIS,
    good_channels,
    lobe_of,
    roi_channels,
)


def _info(*ch_names):
    return mne.create_info(list(ch_names), 100.0, "eeg", verbose="error")


def test_roi_names_match_any_letter_case_and_keep_the_recordings_spelling():
    info = _info("Cz", "c4", "Fz")
    assert roi_channels(info, "sensorimotor") == ["Cz", "c4"]
    assert roi_channels(info, "SENSORIMOTOR") == ["Cz", "c4"]
    assert roi_channels(info, ["FZ", "CZ"]) == ["Fz", "Cz"]
    assert roi_channels(info, "fz") == ["Fz"]


def test_bad_channels_are_left_out_and_an_empty_region_is_an_error():
    info = _info("Cz", "C4")
    info["bads"] = ["Cz"]
    assert roi_channels(info, "sensorimotor") == ["C4"]
    info["bads"] = ["Cz", "C4"]
    with pytest.raises(ValueError, match="marked bad"):
        roi_channels(info, "sensorimotor")
    with pytest.raises(ValueError, match="none of them is in the recording"):
        roi_channels(_info("Fz"), "occipital")
    with pytest.raises(ValueError, match="frontal_center"):
        roi_channels(info, "frontal_center")


def test_every_region_channel_has_a_row_of_the_cap():
    assert {lobe_of(name) for names in ROIS.values() for name in names} <= set(LOBES)
    assert lobe_of("CB1") == "occipital"
    assert lobe_of("Fp2") == "frontal"
    assert lobe_of("HEOG") == "other"


def test_good_channels_by_type_or_name():
    info = mne.create_info(["Cz", "C4", "HEO"], 100.0, ["eeg", "eeg", "eog"], verbose="error")
    info["bads"] = ["C4"]
    assert good_channels(info, "eeg")["ch_names"] == ["Cz"]
    assert good_channels(info, ["HEO", "Cz"])["ch_names"] == ["HEO", "Cz"]
    assert good_channels(info, "HEO")["ch_names"] == ["HEO"]
    with pytest.raises(ValueError, match="not among the channels"):
        good_channels(info, ["Oz"])
    with pytest.raises(ValueError, match="no good channel"):
        good_channels(info, ["C4"])
