import numpy as np
import pandas as pd

from mmme_neuro.plots.robustness import jitter_figure
from mmme_neuro.plots.style import close_figure

NAMES = {"macro": "Macro-expression", "micro": "Micro-expression"}


def test_a_panel_a_measure_with_the_coded_value_as_a_thick_line():
    rng = np.random.default_rng(1)
    rows = [
        (draw, name, unit, condition, 3.0 if draw < 0 else rng.normal(2, 0.1))
        for name, unit in (("premotor", "uV"), ("theta_consistency", "1"))
        for draw in range(-1, 30)
        for condition in ("macro", "micro", "micro - macro")
    ]
    draws = pd.DataFrame(rows, columns=["draw", "measure", "unit", "condition", "value"])
    figure = jitter_figure(draws, levels=NAMES)
    assert [ax.get_title(loc="left") for ax in figure.axes] == [
        "Premotor potential",
        "Theta consistency",
    ]
    assert [ax.get_ylabel() for ax in figure.axes] == ["Amplitude (µV)", "Consistency (PPC)"]
    ax = figure.axes[0]
    coded = [line.get_ydata()[0] for line in ax.lines if line.get_linewidth() > 1.5]
    assert coded == [3.0, 3.0, 3.0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["macro", "micro", "difference"]
    close_figure(figure)
