"""The base runs without any extra, and what needs an extra names it."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest

from analyses.tables import read_map
from mmme_neuro import Recording, clean_eeg, derive_physio, epoch, read_eeg, read_physio, reject
from mmme_neuro.bids import write_bids
from mmme_neuro.errors import MissingExtra
from mmme_neuro.extras import EXTRA_OF, EXTRAS, optional
from mmme_neuro.io.montage import template_positions
from mmme_neuro.pipeline.executors import dask_cluster
from mmme_neuro.responses import connectivity
from paper.build import build_paper

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CODE = sorted(
    path
    for folder in ("mmme_neuro", "analyses", "figures", "paper")
    for path in (ROOT / folder).rglob("*.py")
)
CHANNELS = [f"{row}{column}" for row in ("F", "FC", "C", "CP", "P") for column in "3Z4"] + ["OZ"]
FOR_DEVELOPERS = {"dev", "docs"}


def eeg(n_seconds=40):
    """Mixed noise at 100 Hz, electrodes placed."""
    info = mne.create_info(CHANNELS, 100.0, "eeg")
    positions = template_positions(CHANNELS)
    info.set_montage(mne.channels.make_dig_montage(positions, coord_frame="head"))
    rng = np.random.default_rng(1)
    sources = rng.laplace(size=(len(CHANNELS), n_seconds * 100))
    mixed = sources[:1] + rng.standard_normal((len(CHANNELS), len(CHANNELS))) @ sources / 4
    return mne.io.RawArray(1e-5 * mixed, info, verbose="error")


def physio(name, kind):
    """One minute of a slow wave at 100 Hz."""
    wave = 5 + np.sin(np.arange(0, 60, 0.01))[None]
    return mne.io.RawArray(1e-6 * wave, mne.create_info([name], 100.0, kind), verbose="error")


def locked():
    """Epochs of the noise."""
    events = pd.DataFrame({"onset": np.arange(2.0, 38.0, 1.5), "expression": "micro"})
    return epoch(Recording(eeg=eeg(), physio=None, events=events), eeg=(-0.5, 1.0))


def opened_cluster():
    with dask_cluster("local"):
        pass


NEEDS = {
    "autoreject": lambda folder: reject(locked(), rule="autoreject", rng=0),
    "bioread": lambda folder: read_physio(written(folder / "a.acq")),
    "clarabel": lambda folder: derive_physio(physio("EDA", "gsr"), eda_method="cvxeda"),
    "dask": lambda folder: opened_cluster(),
    "dask_jobqueue": lambda folder: optional("dask_jobqueue"),
    "distributed": lambda folder: opened_cluster(),
    "h5netcdf": lambda folder: read_map(folder, "absent"),
    "mne_bids": lambda folder: write_bids(folder / "study", folder / "out"),
    "mne_connectivity": lambda folder: connectivity(locked().eeg, method="orthogonal_envelope"),
    "mne_icalabel": lambda folder: clean_eeg(eeg(), ransac=False, rng=0),
    "neurokit2": lambda folder: derive_physio(physio("ECG", "ecg")),
    "onnxruntime": lambda folder: clean_eeg(eeg(), ransac=False, rng=0),
    "picard": lambda folder: clean_eeg(eeg(), ransac=False, rng=0),
    "pybv": lambda folder: write_bids(folder / "study", folder / "out"),
    "pymatreader": lambda folder: read_eeg(written(folder / "a.set")),
    "pyprep": lambda folder: clean_eeg(eeg(), rng=0),
    "typst": lambda folder: build_paper(folder, folder, folder / "a.pdf", title="T"),
}


def written(path):
    path.write_bytes(bytes(1000))
    return path


@pytest.fixture
def without(monkeypatch):
    """Function that makes a package impossible to import."""

    def block(package):
        for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)

    return block


@pytest.mark.parametrize("package", sorted(EXTRA_OF))
@pytest.mark.filterwarnings("ignore")
def test_what_needs_a_missing_package_names_the_extra(package, without, tmp_path):
    without(package)
    extra = EXTRA_OF[package]
    with pytest.raises(MissingExtra, match=rf"^{package} .*pip install 'mmme_neuro\[{extra}\]'"):
        NEEDS[package](tmp_path)


def test_a_package_that_lacks_something_of_its_own_says_so(without):
    without("flatbuffers")
    without("pyprep")
    with pytest.raises(ModuleNotFoundError) as caught:
        optional("flatbuffers")
    assert caught.value.name == "flatbuffers"


def run_without_extras(code, folder):
    """Run code in a fresh Python in which no package of an extra can be imported."""
    block = f"import sys\nfor name in {sorted(EXTRA_OF)!r}: sys.modules[name] = None\n"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", block + code],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
    )
    assert run.returncode == 0, run.stderr


def test_every_module_is_imported_without_any_extra(tmp_path):
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in CODE]
    names = [name.removesuffix(".__init__") for name in names]
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    run_without_extras(code, tmp_path)


@pytest.mark.parametrize("page", ["README.md", "docs/howto/epochs.md", "docs/howto/formula.md"])
def test_epochs_responses_and_models_of_the_pages_need_no_extra(page, tmp_path):
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert blocks
    run_without_extras("\n".join(blocks), tmp_path)


def test_responses_of_the_examples_need_no_extra(tmp_path):
    code = (ROOT / "docs" / "examples" / "plot_2_potentials.py").read_text(encoding="utf-8")
    run_without_extras(f"import matplotlib\nmatplotlib.use('Agg')\n{code}", tmp_path)


def distribution(requirement):
    """Name of a requirement as package indexes compare it."""
    name = re.match(r"[\w.-]+", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_extras_of_the_errors_are_those_of_the_project():
    of_package = {
        package: {distribution(name) for name in names}
        for package, names in packages_distributions().items()
    }
    declared = {
        extra: {distribution(name) for name in names} - {"mmme-neuro"}
        for extra, names in PROJECT["optional-dependencies"].items()
        if extra not in FOR_DEVELOPERS
    }
    named = {
        extra: set().union(*(of_package[package] for package in packages))
        for extra, packages in EXTRAS.items()
    }
    assert named == declared


def test_all_brings_every_extra_of_users_and_dev_brings_all():
    extras = PROJECT["optional-dependencies"]
    (whole,) = [name for name in extras["all"] if name.startswith("mmme_neuro[")]
    listed = set(re.search(r"\[(.*)\]", whole)[1].split(","))
    assert listed == set(extras) - FOR_DEVELOPERS - {"all"}
    assert "mmme_neuro[all,docs]" in extras["dev"]


def imported(path):
    """Top names of what a file imports when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_what_is_imported_is_a_dependency_of_the_base():
    own = {"mmme_neuro", "analyses", "figures", "paper", *sys.stdlib_module_names}
    known = {distribution(name) for name in PROJECT["dependencies"]}
    of_package = packages_distributions()
    others = {
        f"{path.relative_to(ROOT)}: {package}"
        for path in CODE
        for package in set(imported(path)) - own
        if not {distribution(name) for name in of_package[package]} & known
    }
    assert not others, "declare it, or import it by `optional`"
