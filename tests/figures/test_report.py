import re
import shutil
from html.parser import HTMLParser

import pandas as pd
import pytest

from figures.gallery import draw_figures, scripts
from mmme_neuro.report import SECTIONS, write_report
from mmme_neuro.report.sections import findings

DRAWN = ("figS_recovery", "fig7_mixed_models", "figS_participants")
N_PICTURES = 2 + 3
"""Two figures, and one of each participant."""


class Page(HTMLParser):
    """Text, images, links and headers of tables outside scripts and styles."""

    def __init__(self):
        super().__init__()
        self.texts, self.images, self.links, self.titles = [], [], [], []
        self._hidden = False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self._hidden = tag in ("script", "style") or self._hidden
        if tag == "img":
            self.images.append(attrs)
        if tag in ("link", "script", "img", "iframe"):
            self.links += [attrs[key] for key in ("href", "src") if key in attrs]

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._hidden = False

    def handle_data(self, data):
        if not self._hidden:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def read(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


@pytest.fixture(scope="session")
def figures(results, tmp_path_factory):
    out = tmp_path_factory.mktemp("report_figures")
    chosen = [script for script in scripts() if script.name in DRAWN]
    draw_figures(chosen, results, out, say=lambda *_: None)
    return out


@pytest.fixture(scope="session")
def report(results, figures, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "deep" / "report.html"
    return write_report(results, figures, out, study_name="Test <study>")


@pytest.fixture(scope="session")
def page(report):
    return read(report)


def test_all_sections_are_there_and_the_file_is_small(report, page):
    html = report.read_text(encoding="utf-8")
    positions = [html.index(f'id="accordion-header-{_dom(title)}"') for title in SECTIONS]
    assert positions == sorted(positions)
    assert report.stat().st_size < 5e6
    assert "not among the results" not in page.text
    assert "Test <study>" in page.text
    # Without any tag MNE's script ends with an error in the browser's console.
    assert 'data-mne-tag="section"' in html


def test_file_is_self_contained(page):
    assert len(page.images) == 1 + N_PICTURES  # the logo, too
    assert all(image["src"].startswith("data:image/") for image in page.images)
    assert all(image.get("alt") for image in page.images)
    assert all(link.startswith("data:") for link in page.links)


def test_simulated_data_are_said_to_be_so(page):
    start = page.text.index("SIMULATED")
    assert start < page.text.index("participants were analyzed")
    assert "1 of 2 intervals cover what was put in" in page.text
    assert "NO" in page.text.split("Recovery of the truth")[1].split("What is not")[0]


def test_each_participant_has_a_part_with_warnings_on_top(page):
    section = page.text.split("Each part shows one participant relative to all others.")[1]
    parts = re.split(r"(?=P0\d: (?:\d+ events used|not analyzed))", section)[1:]
    assert [part[:3] for part in parts] == ["P01", "P02", "P03", "P04"]
    assert parts[0].startswith("P01: 23 events used (15 macro, 8 micro), 1 excluded; 2 things")
    warnings = parts[0].split(" Events ")[0]
    assert parts[1].startswith("P02: 19 events used (16 macro, 3 micro), 5 excluded")
    assert "Micro events used: 3; expected is at least 4." in parts[1]
    assert "usable: 30.0 %; expected is at least 50.0 %." in warnings
    assert "FZ: flat" in parts[0] and "Components removed (2 of 3)" in parts[0]
    assert "12.3 ± 2.0 1.5 6 1 1" in parts[0]
    assert "1 × window leaves the physio recording" in parts[0]
    assert parts[3].startswith("P04: not analyzed Not analyzed: P04_(date).cdt: no triggers")


def test_report_of_many_participants_does_not_show_all_components(results, tmp_path, monkeypatch):
    monkeypatch.setattr(findings, "MOST_MAPPED", 2)
    text = read(write_report(results, tmp_path, tmp_path / "r.html", study_name="x")).text
    assert "components of 3 participants would make this file too large" in text


def test_no_name_date_or_folder_leaks(report, page):
    text = page.text
    html = report.read_text(encoding="utf-8")
    body = re.sub(r"base64,[^\"]*", "", html[html.rindex("<body") :])
    for name in ("lina", "wangfang", "zhouyu", "zhaolei"):
        assert not re.search(rf"(?<![a-z]){name}(?![a-z])", text)
        assert name not in body
    assert not any(folder in body for folder in ("/data/secret", "/tmp", str(report.parent)))
    dates = re.findall(r"(?<!\d)20\d{2}-?[01]\d-?[0-3]\d(?!\d)", text)
    assert set(dates) <= {"20260101"}  # the seed
    # The failed participant has no event, hence the last number; the message stays readable.
    assert "P04_(date).cdt: no triggers; export them." in text


def test_numbers_are_written_as_in_journals(page):
    text = page.text
    minus = "\N{MINUS SIGN}"
    assert f"Premotor potential: {minus}2.81 µV [{minus}4.09, {minus}1.52], p < .001" in text
    assert "0.0007" not in text and "-2.8057" not in text


def test_association_shows_every_table(page):
    section = page.text.split("Correlations from event to event within participants")[1]
    assert "[0.170, 0.380] 68 .010 < .001 .020 72 0" in section
    assert "means, each once" in section and "Every pair (12)" in section
    assert "Windows after the event (12)" in section
    assert "every block holds a single event" in section
    assert "p values from 1999 orders of events within participant and stimulus" in page.text


def test_agreement_of_coders_shows_its_tables(results, page):
    section = page.text.split("hold events of two coders")[1].split("Participants left out")[0]
    kappa = pd.read_csv(results / "agreement_labels.csv").set_index(["criterion", "coefficient"])
    row = kappa.loc[("any overlap", "cohen_kappa")]
    assert f"Cohen's kappa, labels {row['estimate']:.2f}" in section
    assert "onsets within 50 ms" in section and "offset, coded by both" in section
    assert "AU14" in section and "kappa, none or the label" in section
    assert "from 0 (any overlap) to 0.9 and over differences of onsets of at most 50," in page.text


def test_a_sheet_of_one_pass_says_why_coders_are_not_compared(results, tmp_path):
    other = tmp_path / "results"
    shutil.copytree(results, other, ignore=shutil.ignore_patterns("epochs", "agreement_*"))
    reason = "the sheet holds one annotation pass"
    pd.DataFrame([{"criterion": "", "reason": reason}]).to_csv(
        other / "agreement_summary.csv", index=False
    )
    text = read(write_report(other, tmp_path, tmp_path / "r.html", study_name="x")).text
    assert f"The coders are not compared: {reason}." in text
    assert "F1" not in text.split(reason)[1].split("Participants left out")[0]


def test_methods_take_their_numbers_from_the_constants(results, page, tmp_path):
    assert "notch-filtered at 50 Hz" in page.text
    assert "150 µV" in page.text
    assert "the random terms (1 + expression | participant) + (1 + expression | stim" in page.text
    other = tmp_path / "results"
    shutil.copytree(results, other, ignore=shutil.ignore_patterns("epochs"))
    text = (other / "methods.json").read_text(encoding="utf-8")
    (other / "methods.json").write_text(text.replace('"line_hz": 50.0', '"line_hz": 60.0'))
    changed = read(write_report(other, tmp_path, tmp_path / "r.html", study_name="x"))
    assert "notch-filtered at 60 Hz" in changed.text


def test_counts_add_up(page):
    row = re.search(r"macro (\d+) (\d+) (\d+) (-?\S+)", page.text.split("annotation passes")[1])
    assert row.groups() == ("48", "47", "1", "0")


def test_text_of_tables_is_escaped(report):
    html = report.read_text(encoding="utf-8")
    assert "rows &lt;that overlap&gt;" in html
    assert "rows <that overlap>" not in html


def test_same_results_give_the_same_bytes(results, figures, report, tmp_path):
    again = write_report(results, figures, tmp_path / "again.html", study_name="Test <study>")
    assert again.read_bytes() == report.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.html"]


def test_missing_results_and_figures_are_named(results, tmp_path):
    partial = tmp_path / "results"
    shutil.copytree(results, partial, ignore=shutil.ignore_patterns("epochs", "models.csv"))
    (partial / "07_error.log").write_text("Traceback\nValueError: /home/x/y.csv: broken for lina\n")
    text = read(write_report(partial, tmp_path / "none", tmp_path / "r.html", study_name="x")).text
    assert "models.csv: not among the results" in text
    assert "Step 07 of the analysis failed: ValueError: y.csv: broken for P01" in text
    assert "Figure fig3_erp was not drawn; run python -m figures --only fig3_erp." in text


def test_bad_paths_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="python -m analyses"):
        write_report(tmp_path / "nowhere", tmp_path, tmp_path / "r.html", study_name="x")
    with pytest.raises(ValueError, match=r"must end in \.html"):
        write_report(tmp_path, tmp_path, tmp_path / "r.pdf", study_name="x")


def _dom(title):
    return title.replace(" ", "_")
