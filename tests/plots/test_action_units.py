from itertools import combinations

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mmme_neuro.events import named_action_units
from mmme_neuro.plots.action_units import action_unit_figure
from mmme_neuro.plots.style import close_figure


def table():
    units = ["AU1,AU4", "AU4", "AU12,AU25", "AU14", "AU4,AU99", ""]
    kinds = ["micro", "macro", "macro", "micro", "macro", "micro"]
    return named_action_units(pd.DataFrame({"expression": kinds, "action_units": units}))


def test_units_are_named_and_ordered_by_region():
    found = table()
    assert found["action_unit"].tolist() == ["AU1", "AU4", "AU12", "AU14", "AU25", "AU99"]
    assert found["region"].tolist() == ["upper", "upper", "middle", "lower", "lower", "unknown"]
    assert found.loc[1, ["name", "n_micro", "n_macro"]].tolist() == ["Brow lowerer", 1, 2]
    # An event without coded units counts among the expression's events.
    assert found.loc[1, "share_micro"] == pytest.approx(1 / 3)
    assert "n_mixed" not in found


def test_every_cell_is_written_and_none_overlap():
    figure = action_unit_figure(table())
    (ax,) = figure.axes
    texts = [text.get_text() for text in ax.texts]
    assert {"Upper", "Middle", "Lower", "Unknown", "Brow lowerer", "33.3", "66.7"} <= set(texts)
    assert texts.count("Upper") == 1
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [text.get_window_extent(renderer) for text in ax.texts]
    boxes += [bar.get_window_extent(renderer) for bar in ax.patches if bar.get_width()]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    close_figure(figure)


def test_bars_are_as_long_as_the_shares():
    found = table()
    figure = action_unit_figure(found)
    lengths = [bar.get_width() for bar in figure.axes[0].patches]
    longest = found[["share_micro", "share_macro"]].to_numpy().max()
    shares = found[["share_micro", "share_macro"]].to_numpy().ravel() / longest
    assert [length / max(lengths) for length in lengths] == pytest.approx(shares.tolist())
    close_figure(figure)


def test_no_unit_at_all_is_refused():
    with pytest.raises(ValueError, match="no event holds an action unit"):
        action_unit_figure(table()[:0])
