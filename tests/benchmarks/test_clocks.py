import numpy as np
import pytest

from benchmarks.clocks import camera_study, camera_table, trigger_study, trigger_table


def test_one_study_of_each_path():
    triggers = trigger_study(np.random.default_rng(1))
    assert triggers["n_wrong"] == 0 and np.abs(triggers["error"]).max() < 0.005
    camera = camera_study(np.random.default_rng(1), n_clips=17)
    assert np.all(np.abs(camera["error"]) < 5 * camera["se"])
    exact = camera_study(np.random.default_rng(1), n_clips=17, clip_sd_s=0.0, spread_s=0.0)
    assert np.abs(exact["error"]).max() < 0.005  # half a frame and the rounding to ms


@pytest.mark.slow
def test_triggers_place_events_within_3_ms():
    table = trigger_table().set_index("condition")
    assert (table["n_wrong_matches"] == 0).all()
    stated = table.loc[["10 % lost, 10 % spurious", "the same, all codes equal"]]
    assert (stated["median_ms"] < 1).all() and (stated["q99_ms"] < 3).all()
    assert (table["within_1_96_se"] > 0.93).all()


@pytest.mark.slow
def test_stated_uncertainty_of_the_camera_path_is_nominal():
    table = camera_table()
    # Events of one study share its map, so the Monte Carlo error is that of the studies.
    error = np.sqrt(0.95 * 0.05 / table["n_studies"])
    assert (table["within_1_96_se"] > 0.95 - 2 * error).all()
    assert (table["median_ms"] < 30).all()
