import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.example import example_figure, most_isolated, plot_stacked

MICRO = {"condition": "expression", "level": "micro"}


def events(onset, expression, *, participant="a", censored=False):
    onset = np.asarray(onset, float)
    return pd.DataFrame(
        {"participant": participant, "expression": expression, "onset": onset,
         "apex": onset + 0.1, "offset": onset + 0.3, "censored": censored, "action_units": "AU4"}
    )  # fmt: skip


def test_the_event_farthest_from_others_is_chosen():
    table = events([0, 30, 31, 60, 75], ["macro", "micro", "micro", "micro", "macro"])
    assert most_isolated(table, **MICRO)["onset"] == 60
    assert most_isolated(table.sample(frac=1, random_state=1), **MICRO)["onset"] == 60
    assert most_isolated(table, condition="expression", level="macro")["onset"] == 0


def test_participants_are_not_mixed_and_censored_events_not_chosen():
    near = events([0, 5], ["micro", "micro"])
    far = events([2, 9], ["micro", "micro"], participant="b")
    table = pd.concat([near, far], ignore_index=True)
    assert most_isolated(table, **MICRO)["participant"] == "b"
    table.loc[table["participant"] == "b", "censored"] = True
    assert most_isolated(table, **MICRO)["participant"] == "a"
    with pytest.raises(ValueError, match="mixed"):
        most_isolated(table, condition="expression", level="mixed")


def test_stacked_signals_share_a_scale_and_do_not_overlap():
    times = np.linspace(0, 1, 50)
    signals = np.array([10 * np.sin(20 * times), np.sin(20 * times)])
    ax = plot_stacked(signals, times, ["A", "B"], plt.figure().subplots(), bar=5, unit="µV")
    first, second = (line.get_ydata() for line in ax.lines[:2])
    assert first.min() > second.max()
    np.testing.assert_allclose(np.ptp(first), np.ptp(signals[0]))
    bar = ax.lines[2].get_ydata()
    assert bar[1] - bar[0] == 5
    plt.close("all")


def test_figure_marks_the_event_and_its_neighbor():
    table = events([10, 15], ["micro", "macro"])
    info = mne.create_info(["FZ", "EMG"], 50.0, ["eeg", "emg"])
    rng = np.random.default_rng(0)
    eeg = mne.EpochsArray(rng.normal(0, 1e-6, (2, 2, 176)), info, tmin=-1.5, metadata=table,
                          verbose="error")  # fmt: skip
    body = mne.create_info(["eda", "heart_rate", "skt"], 10.0, "misc")
    values = rng.normal(0, 1, (2, 3, 121))
    values[:, 2] = np.nan
    physio = mne.EpochsArray(values, body, tmin=-2.0, metadata=table, verbose="error")
    figure = example_figure(
        eeg,
        physio,
        row=0,
        condition="expression",
        levels=("macro", "micro"),
        eeg_channels=["FZ", "PZ"],
        physio_channels=["eda", "heart_rate", "skt"],
    )
    brain, muscle, eda, rate = figure.axes
    assert [label.get_text() for label in brain.get_yticklabels()] == ["FZ"]
    assert [label.get_text() for label in muscle.get_yticklabels()] == ["EMG"]
    assert "µS" in eda.get_ylabel() and "beats/min" in rate.get_ylabel()
    assert len(brain.patches) == 1  # the neighbor is 5 s away, outside the EEG window
    assert len(eda.patches) == 2
    plt.close("all")
