"""How Sphinx builds the site: ``make docs``, without network."""

import os
import re
import sys
import warnings
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MNE_LOGGING_LEVEL", "ERROR")
os.environ["MPLBACKEND"] = "Agg"

from docutils import nodes  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402
from sphinx.environment import BuildEnvironment  # noqa: E402
from sphinx.util.nodes import make_refnode  # noqa: E402

import mmme_neuro  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
from reference import public_names, rooms, write_reference  # noqa: E402

write_reference(Path(__file__).parent / "api.rst")

project = "mmme_neuro"
author = "The mmme_neuro developers"
copyright = author  # noqa: A001
release = mmme_neuro.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_templates", "examples", "calibration"]
default_role = "py:obj"
highlight_language = "none"

myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

_NAMES = [f"mmme_neuro.{room}.{name}" for room in rooms() for name in public_names(room)]
_FOLDED = Counter(name.casefold() for name in _NAMES)
# `Agreement` and `agreement` would be one file where capitals do not count.
autosummary_filename_map = {
    name: f"{name}_class"
    for name in _NAMES
    if _FOLDED[name.casefold()] > 1 and name.rpartition(".")[2][0].isupper()
}

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "gallery/used",
    "doc_module": ("mmme_neuro",),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1e6,
    "copyfile_regex": r"^$",
}

html_theme = "pydata_sphinx_theme"
html_title = "mmme_neuro"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "mmme_neuro"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "show_toc_level": 2,
}
# Tables and code need the width; the bar at the top and the trail above a page lead everywhere.
html_sidebars: dict[str, list[str]] = {"**": []}


def setup(app: Sphinx) -> None:
    """Leave out of the list of measurements what no command has written yet."""
    app.connect("source-read", _without_absent_pages)
    app.connect("missing-reference", _by_last_name)
    # Its list depends on which pages are there, which Sphinx does not see.
    app.connect("env-get-outdated", lambda *_: ["measured"])


def _by_last_name(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, content: nodes.Element
) -> nodes.Element | None:
    """Link a bare name of a docstring to the one room that has it."""
    last = str(node.get("reftarget", "")).rpartition(".")[2]
    found = [name for name in _NAMES if name.rpartition(".")[2] == last]
    objects = env.domaindata["py"]["objects"]
    places = [objects[name] for name in found if name in objects]
    if node.get("refdomain") != "py" or len(places) != 1:
        return None
    place = places[0]
    return make_refnode(app.builder, node["refdoc"], place.docname, place.node_id, content)


def _without_absent_pages(app: Sphinx, name: str, source: list[str]) -> None:
    if name == "measured":
        lines = source[0].splitlines()
        is_page = re.compile(r"[a-z_]+").fullmatch
        source[0] = "\n".join(
            line for line in lines if not is_page(line) or line in app.env.found_docs
        )


warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("ignore", category=FutureWarning)
