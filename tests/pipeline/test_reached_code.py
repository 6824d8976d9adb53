import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmme_neuro.pipeline import preprocess, provenance, reached_code
from mmme_neuro.pipeline.reached_code import PACKAGE, code_digest

ANALYSES = Path(__file__).resolve().parents[2] / "analyses"

LAZY = "import lazy_loader\n__getattr__, _, __all__ = lazy_loader.attach_stub('p', __file__)\n"
FILES = {
    "p/__init__.py": f'"""A package."""\n__version__ = "1"\n{LAZY}',
    "p/__init__.pyi": "from . import room\nfrom .room.first import one\n",
    "p/root.py": '"""Text."""\nfrom p.direct import value\n\nX = value\n"""About X."""\n',
    "p/direct.py": "value = 1\n",
    "p/unused.py": "value = 1\n",
    "p/room/__init__.py": LAZY,
    "p/room/__init__.pyi": "from .first import one\nfrom .second import two\n",
    "p/room/first.py": "from .. import base\n\ndef one():\n    return base.deep()\n",
    "p/room/second.py": "def two():\n    return 2\n",
    "p/base.py": "def deep():\n    return 0\n",
}


@pytest.fixture
def package(tmp_path):
    """A small package, and functions that write its root, edit a file and take the digest."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    class Package:
        @staticmethod
        def root(text):
            (tmp_path / "p/root.py").write_text(text)

        @staticmethod
        def digest():
            return code_digest([tmp_path / "p/root.py"], {"p": tmp_path / "p"})

        @staticmethod
        def add(name, text):
            (tmp_path / "p" / name).write_text((tmp_path / "p" / name).read_text() + text)

        def follows(self, name):
            """Whether code added to a file changes the digest."""
            path = tmp_path / "p" / name
            text, before = path.read_text(), self.digest()
            self.add(name, "ADDED = 1\n")
            after = self.digest()
            path.write_text(text)
            assert self.digest() == before
            return after != before

    return Package()


@pytest.mark.parametrize(
    ("line", "followed"),
    [
        ("from p.direct import value", {"direct.py"}),
        ("import p.direct\np.direct.value", {"direct.py"}),
        ("import p.direct as d\nd.value", {"direct.py"}),
        ("from .direct import value", {"direct.py"}),
        ("from . import direct\ndirect.value", {"direct.py"}),
        ("def later():\n    from p.direct import value", {"direct.py"}),
        ("from p import one", {"room/first.py", "base.py"}),
        ("from p.room import one", {"room/first.py", "base.py"}),
        ("from p.room import two", {"room/second.py"}),
        ("from p import room\nroom.two()", {"room/second.py"}),
        ("import p\np.room.two()", {"room/second.py"}),
        ("from p import room\nprint(room)", {"room/first.py", "room/second.py", "base.py"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.direct", set()),
    ],
)
def test_imports_are_followed_to_the_module_that_defines_the_name(package, line, followed):
    package.root(line + "\n")
    modules = ("direct.py", "unused.py", "room/first.py", "room/second.py", "base.py")
    assert {name for name in modules if package.follows(name)} == followed


def test_comments_and_texts_do_not_matter_and_code_does(package):
    before = package.digest()
    text = '# A comment.\n"""Other text."""\nfrom p.direct import value\n\n\nX = value  # here\n'
    package.root(text)
    assert package.digest() == before
    package.add("direct.py", '\n\ndef f():\n    """Say what."""\n    return 1\n')
    changed = package.digest()
    assert changed != before
    package.root(text.replace("X = value", "X = -value"))
    assert package.digest() not in (before, changed)


def test_code_of_a_package_counts_and_its_version_only_where_it_is_used(package):
    assert package.follows("__init__.py")
    before = package.digest()
    package.add("__init__.py", '__version__ = "2"\n')
    assert package.digest() == before
    package.root("import p\nprint(p.__version__)\n")
    before = package.digest()
    package.add("__init__.py", '__version__ = "3"\n')
    assert package.digest() != before


def test_a_new_module_counts_once_it_is_imported(package, tmp_path):
    before = package.digest()
    (tmp_path / "p/new.py").write_text("value = 1\n")
    assert package.digest() == before
    package.add("direct.py", "from p import new\n")
    assert package.digest() != before
    assert package.follows("new.py")


def test_the_folder_does_not_matter(package, tmp_path):
    shutil.copytree(tmp_path / "p", tmp_path / "elsewhere" / "p")
    elsewhere = tmp_path / "elsewhere" / "p"
    assert code_digest([elsewhere / "root.py"], {"p": elsewhere}) == package.digest()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """This package and the analysis scripts, free to be edited."""
    folder = tmp_path_factory.mktemp("copy")
    ignore = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
    shutil.copytree(PACKAGE, folder / "mmme_neuro", ignore=ignore)
    shutil.copytree(ANALYSES, folder / "analyses", ignore=ignore)
    return folder


def changed_by(copy, name, text):
    """Whether text at the end of a file changes the digests of preprocessing, steps 08 and 09."""
    packages = {"mmme_neuro": copy / "mmme_neuro", "analyses": copy / "analyses"}
    shared = [copy / "analyses" / "study.py", copy / "analyses" / "tables.py"]
    roots = {
        "preprocessing": [copy / "mmme_neuro" / "pipeline" / "preprocess.py"],
        "08": [copy / "analyses" / "08_cross_modal.py", *shared],
        "09": [copy / "analyses" / "09_reliability.py", *shared],
    }
    before = {name: code_digest(files, packages) for name, files in roots.items()}
    with added(copy / "mmme_neuro" / name, text):
        return {key for key, files in roots.items() if code_digest(files, packages) != before[key]}


@contextmanager
def added(path, text):
    """Text at the end of a file for a while."""
    whole = path.read_text()
    path.write_text(whole + text)
    try:
        yield
    finally:
        path.write_text(whole)


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        ("bids/read.py", {"preprocessing", "08", "09"}),
        ("signals/eeg/clean.py", {"preprocessing", "08", "09"}),
        ("reliability/scales/omega.py", {"09"}),
        ("association/canonical.py", {"08"}),
        ("plots/scalp.py", set()),
        ("report/markup.py", set()),
    ],
)
def test_a_change_makes_stale_what_uses_it(copy, name, stale):
    assert changed_by(copy, name, "\nADDED = 1\n") == stale


@pytest.mark.parametrize("name", ["bids/read.py", "reliability/scales/omega.py", "__init__.py"])
def test_a_comment_makes_nothing_stale(copy, name):
    assert changed_by(copy, name, "\n# A thought.\n") == set()


def test_what_a_reached_module_begins_to_import_counts(copy):
    text = "\nfrom mmme_neuro.reliability import mcdonald_omega\n"
    with added(copy / "mmme_neuro" / "bids" / "read.py", text):
        assert "preprocessing" in changed_by(copy, "reliability/scales/omega.py", "\nADDED = 1\n")


def test_sidecars_hold_the_digest_of_preprocessing():
    root = Path(preprocess.__file__)
    assert provenance.software(root)["code"] == code_digest([root])


def test_it_is_cheap():
    reached_code._code.cache_clear()
    begun = time.process_time()
    code_digest([Path(preprocess.__file__)])
    assert time.process_time() - begun < 1
