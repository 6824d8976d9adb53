from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mmme_neuro.events import database_table, describe_events
from mmme_neuro.plots.databases import databases_figure, plot_micro_durations, plot_sizes
from mmme_neuro.plots.dataset import COLOR_BY_EXPRESSION
from mmme_neuro.plots.style import close_figure


def events(n=60):
    rng = np.random.default_rng(4)
    is_micro = rng.random(n) < 0.4
    duration = np.where(is_micro, rng.uniform(0.2, 0.5, n), rng.uniform(0.5, 3, n))
    return pd.DataFrame(
        {
            "participant": rng.choice(["lina", "wangfang", "zhouyu"], n),
            "clip": "clip", "expression": np.where(is_micro, "micro", "macro"),
            "emotion": rng.choice(["anger", "fear", "happiness"], n), "valence": "negative",
            "action_units": "AU4", "duration": duration, "rise": duration / 2,
            "censored": rng.random(n) < 0.3,
        }
    )  # fmt: skip


@pytest.fixture
def table():
    return database_table(events())


@pytest.fixture
def ax():
    return Figure().subplots()


def test_sizes_are_drawn_where_they_are_known(table, ax):
    plot_sizes(table, ax)
    drawn = {line.get_label(): line.get_xdata() for line in ax.get_lines()}
    assert drawn["micro"].tolist() == table["n_micro"].tolist()
    assert np.isnan(drawn["macro"]).sum() == 2  # CASME and CASME II hold none.
    people = [str(n) for n in table["n_participants"]]
    assert [text.get_text() for text in ax.texts] == [*people, "people"]
    assert "CAS(ME)$^2$" in [label.get_text() for label in ax.get_yticklabels()]


def test_the_study_stands_out_among_durations(table, ax):
    plot_micro_durations(table, ax)
    dots = [line for line in ax.get_lines() if line.get_marker() == "o"]
    colors = [to_hex(dot.get_color()) for dot in dots]
    assert colors[-1] == COLOR_BY_EXPRESSION["micro"].lower() and len(set(colors)) == 2
    assert ax.texts[0].get_text() == "321.4 (SD 91.6)"


def test_a_study_without_coded_offsets_has_no_duration(ax):
    table = database_table(events().assign(censored=True))
    assert pd.isna(table["duration_mean_ms"].iloc[-1])
    plot_micro_durations(table, ax)
    assert len(ax.texts) == len(table) - 1


def test_figure_holds_no_name_and_its_texts_do_not_overlap(table):
    figure = databases_figure(describe_events(events()), table)
    assert figure.get_figwidth() * 25.4 == pytest.approx(180)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    for ax in figure.axes:
        labels = [label for label in ax.get_yticklabels() if label.get_text()]
        boxes = [label.get_window_extent(renderer) for label in [*labels, *ax.texts]]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
        assert "lina" not in " ".join(label.get_text() for label in ax.get_xticklabels())
    close_figure(figure)
