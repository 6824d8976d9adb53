"""The report as a reader opens it: in a real browser, in wide and narrow windows, offline."""

import pytest

from figures.gallery import draw_figures, scripts
from mmme_neuro.report import write_report
from tests.figures.browser import Browser, browser_path

DRAWN = ("fig7_mixed_models", "figS_participants")
WIDTHS = (400, 1400)
LEAST_CONTRAST = 4.5
"""Of text and background (WCAG 2.2, level AA)."""

LOOKS = """
(() => {
  document.querySelectorAll("details").forEach((part) => (part.open = true));
  const luminance = ([r, g, b]) =>
    [r, g, b]
      .map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const color = (text) => text.match(/[\\d.]+/g).map(Number);
  const background = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, alpha = 1] = color(getComputedStyle(e).backgroundColor);
      if (alpha > 0.5) return [r, g, b];
    }
    return [255, 255, 255];
  };
  let contrast = 21;
  let faintest = "";
  for (const element of document.querySelectorAll("#content *, #toc a")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const [a, b] = [color(getComputedStyle(element).color), background(element)].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < contrast) [contrast, faintest] = [ratio, element.textContent.trim()];
  }
  const page = document.documentElement;
  const images = [...document.images];
  const boxes = [...document.querySelectorAll(".report-scroll, #content img, #content p")];
  return {
    contrast,
    faintest,
    overflow: page.scrollWidth - page.clientWidth,
    images: images.length,
    broken: images.filter((image) => !image.complete || !image.naturalWidth).length,
    tables: document.querySelectorAll(".report-table").length,
    loose: [...document.querySelectorAll("table")].filter((t) => !t.closest(".report-scroll"))
      .length,
    wide: boxes
      .filter((box) => !box.closest(".report-figure"))
      .filter((box) => box.getBoundingClientRect().right > page.clientWidth + 1).length,
    links: document.querySelectorAll("#toc a.nav-link").length,
  };
})()
"""
SORTED = """
(() => {
  const table = [...document.querySelectorAll(".report-table")].find(
    (t) => t.caption.textContent === "What to look at, by participant");
  const heads = [...table.tHead.rows[0].cells];
  const place = heads.findIndex((head) => head.textContent === "events used");
  const order = () => [...table.tBodies[0].rows].map((row) => row.cells[place].textContent);
  heads[place].click();
  const up = order();
  const sort = heads[place].getAttribute("aria-sort");
  heads[place].dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  return { up, sort, down: order() };
})()
"""

pytestmark = pytest.mark.skipif(
    browser_path() is None, reason="no Chromium is installed (Debian: apt install chromium)"
)


@pytest.fixture(scope="module")
def report(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser_report")
    chosen = [script for script in scripts() if script.name in DRAWN]
    draw_figures(chosen, results, folder, say=lambda *_: None, formats=["png"])
    return write_report(results, folder, folder / "report.html", study_name="Test")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser_profile"))
    yield browser
    browser.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_report_opens_without_errors_and_is_readable(report, browser, width):
    browser.open(report, width=width)
    looks = browser.run(LOOKS)
    assert browser.errors() == []
    assert browser.requests() == [report.as_uri()]
    assert looks["images"] == 5 and looks["broken"] == 0
    assert looks["tables"] > 40 and looks["loose"] == 0
    assert looks["overflow"] <= 0 and looks["wide"] == 0
    assert looks["contrast"] >= LEAST_CONTRAST, looks["faintest"]
    assert looks["links"] == 23


def test_tables_sort_by_a_click_and_by_the_keyboard(report, browser):
    browser.open(report, width=1400)
    found = browser.run(SORTED)
    assert found["sort"] == "ascending"
    assert found["up"] == ["0", "19", "23", "24"]
    assert found["down"] == ["24", "23", "19", "0"]


def test_errors_and_requests_would_be_seen(browser, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text("<img src='http://127.0.0.1:9/x.png'><script>nothing.at.all</script>")
    browser.open(page, width=400)
    assert any("nothing is not defined" in text for text in browser.errors())
    assert any("127.0.0.1" in url for url in browser.requests())
