import base64
import io

import pandas as pd
from PIL import Image

from mmme_neuro.report.formats import count, number, p_value, percent, text
from mmme_neuro.report.markup import WIDEST_PX, bullets, details, figure_html, table_html


def test_table_shows_readable_escaped_cells():
    table = pd.DataFrame(
        {"name": ["<b>", None], "n": [3, float("nan")], "x": [0.012345, float("nan")],
         "p_value": [0.0001, 0.2], "share": [0.123, float("nan")]}
    )  # fmt: skip
    columns = [text("name", "name"), count("n", "n"), number("x", "x (µV)"), p_value(),
               percent("share", "%")]  # fmt: skip
    html = table_html(table, columns, caption="A & B")
    for part in ("&lt;b&gt;", ">3<", ">0.0123<", "&lt; .001", ">12.3<", "A &amp; B", "x (µV)"):
        assert part in html, part
    assert html.count("–") == 4
    assert "nan" not in html


def test_empty_table_is_said_to_be_empty():
    assert table_html(pd.DataFrame(), [], caption="Refused") == "<p>Refused: none.</p>"


def test_lists_are_escaped():
    assert bullets(["a < b"]) == "<ul><li>a &lt; b</li></ul>"
    assert details("x < y", "<p>z</p>").startswith("<details><summary>x &lt; y</summary><p>z")


def test_picture_is_reduced_without_loss_of_color(tmp_path):
    picture = Image.new("RGB", (2 * WIDEST_PX, 600), (0, 114, 178))
    picture.save(tmp_path / "a.png")
    html = figure_html(tmp_path / "a.png", caption='c "d"', alternative="e")
    encoded = html.split("base64,")[1].split('"')[0]
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as shown:
        assert shown.size == (WIDEST_PX, 300)
        assert shown.convert("RGB").getpixel((5, 5)) == (0, 114, 178)
    assert "c &quot;d&quot;" in html
