import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.plots.connectivity import (
    connectivity_figure,
    head_plan,
    order_channels,
    plot_connectivity_matrix,
    plot_head_connections,
    plot_networks,
)
from mmme_neuro.responses.coupling.connectivity import connectivity


@pytest.fixture(scope="module")
def result(study):
    table = study.metadata.copy()
    table.loc[:5, "expression"] = "mixed"
    epochs = study.copy()
    epochs.metadata = table
    return connectivity(epochs, by="expression", rng=0, n_resamples=2)


def test_channels_run_front_to_back_and_left_to_right():
    names = ["O2", "CP1", "Fp1", "CZ", "C3", "AF4", "C4", "HEOG", "F3"]
    assert order_channels(names) == ["Fp1", "AF4", "F3", "C3", "CZ", "C4", "CP1", "O2", "HEOG"]


def test_matrix_is_drawn_in_that_order(result):
    matrix = result.matrix.sel(cell="micro")
    ax = plot_connectivity_matrix(matrix, plt.figure().subplots(), limits=(0.0, 1.0))
    names = order_channels(list(matrix["channel"].values))
    drawn = np.asarray(ax.images[0].get_array().filled(np.nan))
    np.testing.assert_array_equal(drawn, matrix.sel(channel=names, other=names))
    assert ax.get_yticklabels()[0].get_text() == "frontal"
    plt.close("all")


def test_head_plan_keeps_the_compass_of_the_cap(result):
    info = result.info
    plan = dict(zip(info["ch_names"], head_plan(info, info["ch_names"]), strict=True))
    assert np.linalg.norm(plan["CZ"]) < 0.1
    assert plan["FPZ"][1] > 0.8
    assert plan["OZ"][1] < -0.8
    assert plan["T7"][0] < -0.8
    assert plan["T8"][0] > 0.8
    assert max(np.linalg.norm(place) for place in plan.values()) < 1.1
    bare = mne.create_info(info["ch_names"], 100.0, "eeg", verbose="error")
    with pytest.raises(ValueError, match="have none"):
        head_plan(bare, info["ch_names"])


def test_strongest_connections_are_the_ones_drawn(result):
    matrix = result.matrix.sel(cell="micro")
    ax = plot_head_connections(
        matrix, result.info, plt.figure().subplots(), n_strongest=7, limits=(0.0, 1.0)
    )
    upper = matrix.to_numpy()[np.triu_indices(len(matrix), 1)]
    strongest = np.sort(np.abs(upper))[-7:]
    np.testing.assert_allclose(np.abs(ax.collections[0].get_array()), strongest)
    plt.close("all")


def test_figure_shares_a_scale_and_gives_the_reason_of_a_refusal(result):
    figure = connectivity_figure(result, cells=("micro", "macro", "mixed"))
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert "not estimated:\n6 epochs, fewer than 20" in texts
    limits = {image.get_clim() for ax in figure.axes[:6] for image in ax.images}
    assert len(limits) == 1
    assert figure.axes[2].get_title(loc="left") == "Macro (48 of 90 epochs, 2 draws)"
    with pytest.raises(ValueError, match="cells="):
        connectivity_figure(result, cells=("control",))
    plt.close("all")


def test_networks_join_the_two_conditions_of_a_participant():
    table = pd.DataFrame(
        {
            "participant": ["a/1", "a/1", "b", "b", "c"],
            "expression": ["macro", "micro", "macro", "micro", "macro"],
            "clustering": [0.1, 0.2, 0.3, 0.5, 0.9],
            "global_efficiency_area": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    figure = plt.figure()
    plot_networks(table, figure, condition="expression", levels=("macro", "micro"))
    first, second = figure.axes
    assert first.get_title() == "Clustering" and "area over" in second.get_title()
    joined = [line.get_ydata().tolist() for line in first.get_lines()[:2]]
    assert joined == [[0.1, 0.2], [0.3, 0.5]]
    assert first.get_ylabel().startswith("2 participants")
    plt.close("all")
