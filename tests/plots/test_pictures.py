import base64
import io
import re

import numpy as np
from PIL import Image

from mmme_neuro.plots.pictures import few_colors
from mmme_neuro.report.markup import figure_html

GREEN = (0, 158, 115)


def many_colors():
    """A red to blue map with a thin green bar below, as of a corrected test."""
    ramp = np.linspace(0, 255, 600).astype(np.uint8)
    grid = np.meshgrid(ramp, ramp[:400])
    data = np.stack([grid[0], (grid[0] // 2 + grid[1] // 2), 255 - grid[0]], axis=-1)
    data[395:398, 100:180] = GREEN
    return Image.fromarray(data.astype(np.uint8), "RGB")


def test_thin_bars_keep_their_color():
    reduced = few_colors(many_colors(), 256).convert("RGB")
    assert len(reduced.getcolors()) <= 256
    assert np.abs(np.subtract(reduced.getpixel((140, 396)), GREEN)).max() < 20


def test_the_report_keeps_it_too(tmp_path):
    many_colors().save(tmp_path / "a.png")
    html = figure_html(tmp_path / "a.png", caption="", alternative="a")
    data = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    shown = Image.open(io.BytesIO(data)).convert("RGB")
    assert np.abs(np.subtract(shown.getpixel((140, 396)), GREEN)).max() < 40
