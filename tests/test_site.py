"""The site builds offline and without a warning."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BUILDERS = ("sphinx", "myst_parser", "numpydoc", "pydata_sphinx_theme", "sphinx_gallery")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Pages, built from a copy: some sources are written by the build."""
    for name in BUILDERS:
        pytest.importorskip(name, reason="the docs extra is not installed")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS, folder / "docs", ignore=shutil.ignore_patterns("api", "gallery"))
    shutil.copy(ROOT / "CHANGELOG.md", folder)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", folder / "trees"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [*command, folder / "docs", folder / "html"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert run.returncode == 0, run.stderr
    return folder / "html"


def test_every_page_is_there(site):
    examples = [f"gallery/{path.stem}" for path in (DOCS / "examples").glob("plot_*.py")]
    assert examples
    for page in (
        "index",
        "tutorial",
        "howto/cluster",
        "howto/own_study",
        "api/mmme_neuro.models.fit_lmm",
        *examples,
    ):
        assert (site / f"{page}.html").is_file()


def test_every_example_has_a_figure(site):
    for path in (DOCS / "examples").glob("plot_*.py"):
        text = (site / "gallery" / f"{path.stem}.html").read_text(encoding="utf-8")
        pictures = re.findall(rf'src="\.\./(_images/sphx_glr_{path.stem}_001\.png)"', text)
        assert pictures and (site / pictures[0]).stat().st_size > 5000


def test_no_page_loads_anything_from_the_network(site):
    for path in site.rglob("*.html"):
        loaded = re.findall(
            r'<(?:script|img|link|iframe)[^>]*(?:src|href)="(https?:[^"]+)"',
            path.read_text("utf-8"),
        )
        assert not loaded, f"{path.name}: {loaded}"
