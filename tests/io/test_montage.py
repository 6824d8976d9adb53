import mne
import numpy as np
import pytest

from mmme_neuro.io.channels.labels import channel_types
from mmme_neuro.io.montage import (
    MISC_CHANNELS,
    QUIK_CAP_64,
    axes_contradict_names,
    place_electrodes,
    template_positions,
)


def make_raw(names, types="eeg"):
    return mne.io.RawArray(
        np.zeros((len(names), 10)), mne.create_info(list(names), 100.0, types), verbose="error"
    )


def positions_of(raw):
    return raw.get_montage().get_positions()["ch_pos"]


def test_quik_cap_has_64_different_electrodes_all_with_a_place():
    assert len(set(QUIK_CAP_64)) == 64
    assert set(template_positions(QUIK_CAP_64)) == set(QUIK_CAP_64)


def test_types_of_the_channels_beside_the_cap():
    assert list(channel_types(MISC_CHANNELS).values()) == ["eog", "eog", "ecg", "emg", "stim"]
    assert set(channel_types(QUIK_CAP_64).values()) == {"eeg"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("heog", "eog"),
        ("EOG061", "eog"),
        ("EMG A", "emg"),
        ("STI101", "stim"),
        ("STATUS", "stim"),
        ("E12", "eeg"),
        ("ECOG1", "eeg"),
        ("128", "eeg"),
    ],
)
def test_types_by_first_word_of_the_name(name, kind):
    assert channel_types([name]) == {name: kind}


def test_positions_are_where_anatomy_says():
    xyz = template_positions(["FPZ", "OZ", "T7", "T8", "CZ", "CB1", "CB2", "O1"])
    assert xyz["FPZ"][1] > 0.08 and xyz["OZ"][1] < -0.06
    assert xyz["T7"][0] < -0.06 and xyz["T8"][0] > 0.06
    assert xyz["CZ"][2] > 0.1
    assert xyz["CB1"][0] < 0 < xyz["CB2"][0]
    assert xyz["CB1"][2] < xyz["O1"][2]


def test_cerebellar_electrodes_stand_at_po9_and_po10():
    xyz = template_positions(["CB1", "CB2", "PO9", "PO10"])
    np.testing.assert_array_equal(xyz["CB1"], xyz["PO9"])
    np.testing.assert_array_equal(xyz["CB2"], xyz["PO10"])


@pytest.mark.parametrize("turn", [(-1, -1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)])
def test_turned_axes_are_noticed(turn):
    positions = template_positions(QUIK_CAP_64)
    assert not axes_contradict_names(positions)
    assert axes_contradict_names({name: xyz * turn for name, xyz in positions.items()})


def test_too_few_known_names_do_not_contradict():
    positions = {f"E{n}": np.array([n, -n, 1.0]) for n in range(20)} | {"FZ": np.zeros(3)}
    assert not axes_contradict_names(positions)


def test_placing_keeps_the_files_own_positions_and_the_input():
    raw = make_raw(["FZ", "CZ", "CB1"])
    own = {"CZ": np.array([0.001, 0.002, 0.09])}
    raw.set_montage(
        mne.channels.make_dig_montage(own, coord_frame="head"), on_missing="ignore", verbose="error"
    )
    placed = place_electrodes(raw)
    np.testing.assert_allclose(positions_of(placed)["CZ"], own["CZ"], atol=1e-7)
    np.testing.assert_allclose(
        positions_of(placed)["FZ"], template_positions(["FZ"])["FZ"], atol=1e-7
    )
    assert np.isnan(raw.info["chs"][0]["loc"][:3]).all()


def test_positions_all_from_the_file_stay_untouched():
    raw = make_raw(["FZ", "X1"])
    own = {"FZ": np.array([0.0, 0.05, 0.09]), "X1": np.array([0.0, 0.0, 0.09])}
    raw.set_montage(mne.channels.make_dig_montage(own, coord_frame="head"), verbose="error")
    placed = place_electrodes(raw)
    for name, xyz in own.items():
        np.testing.assert_allclose(positions_of(placed)[name], xyz, atol=1e-7)


def test_unknown_names_are_listed():
    with pytest.warns(UserWarning, match=r"\['E1'\]"):
        placed = place_electrodes(make_raw(["FZ", "E1"]))
    assert np.isfinite(placed.info["chs"][0]["loc"][:3]).all()
    assert np.isnan(placed.info["chs"][1]["loc"][:3]).all()


def test_other_channels_get_no_position():
    placed = place_electrodes(make_raw(["FZ", "CZ"], ["eeg", "misc"]))
    assert set(positions_of(placed)) == {"FZ"}
