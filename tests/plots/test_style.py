import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import Circle

from mmme_neuro.plots.style import (
    LEVEL_COLORS,
    OTHER_COLOR,
    color_of,
    difference_name,
    journal_style,
    name_of,
    new_figure,
    save_figure,
)


def _figure(slope):
    with journal_style():
        figure = new_figure(width_mm=85, height_mm=40)
        figure.subplots().plot([0, slope], label="a")
        figure.axes[0].legend()
    return figure


def test_same_figure_gives_same_bytes(tmp_path):
    first = save_figure(_figure(1.0), tmp_path / "first")
    second = save_figure(_figure(1.0), tmp_path / "second")
    other = save_figure(_figure(2.0), tmp_path / "other")
    assert [path.suffix for path in first] == [".pdf", ".svg", ".png"]
    for one, same, different in zip(first, second, other, strict=True):
        assert one.read_bytes() == same.read_bytes()
        assert one.read_bytes() != different.read_bytes()
    assert b"Date" not in first[0].read_bytes()
    plt.close("all")


def test_style_is_left_behind_and_sets_the_printed_size():
    before = mpl.rcParams["font.size"]
    figure = _figure(1.0)
    assert mpl.rcParams["font.size"] == before
    assert figure.get_size_inches() * 25.4 == pytest.approx([85, 40])
    assert figure.axes[0].xaxis.label.get_size() == 7.0
    plt.close(figure)


def test_names_and_colors():
    names = {"macro": "Macro-expression", "micro": "Micro-expression"}
    assert [color_of(name, names) for name in names] == list(LEVEL_COLORS[:2])
    assert color_of("posed", ("posed", "acted")) == LEVEL_COLORS[0]
    assert color_of("mixed", names) == OTHER_COLOR
    assert name_of("micro", names) == "Micro-expression"
    assert name_of("self_report") == "self report"
    assert difference_name(("macro", "micro")) == "Micro \N{MINUS SIGN} macro"


def test_unknown_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match="formats"):
        save_figure(_figure(1.0), tmp_path / "x", formats=["bmp"])
    plt.close("all")


def test_picture_has_the_width_asked_for(tmp_path):
    (path,) = save_figure(_figure(1.0), tmp_path / "x", formats=["png"], width_px=400)
    assert plt.imread(path).shape[1] == 400
    plt.close("all")


def test_ids_of_clip_paths_do_not_depend_on_memory(tmp_path):
    files = []
    for number in range(3):
        figure = _figure(1.0)
        ax = figure.axes[0]
        image = ax.imshow([[0, 1], [1, 0]])
        image.set_clip_path(Circle((0.5, 0.5), 0.4, transform=ax.transData))
        kept = [object() for _ in range(997 * number)]  # moves the next objects in memory
        files += save_figure(figure, tmp_path / str(number), formats=["svg"])
        del kept
    first, second, third = (path.read_bytes() for path in files)
    assert first == second == third
    assert b"url(#id" in first
    plt.close("all")
