"""The way of the data: imports go one way, figures do no statistics, analyses draw nothing."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import mmme_neuro
from docs.reference import rooms

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mmme_neuro"

FLOORS = (
    # Each folder may import those before it, and no folder its own floor's.
    "errors vocabulary wording",
    "extras",
    "io stats",
    "signals",
    "clocks events models",
    "recording inference reliability",
    "epochs bids responses",
    "rejection muscles",
    "association pipeline",
    "plots simulate",
    "report",
    "cli",
)
SMALLEST_IDEA = 100
"""Lines from which a module with one user may stand by itself: a file format or an algorithm."""

RANK = {name: rank for rank, floor in enumerate(FLOORS) for name in floor.split()}
DRAWING = ("matplotlib", "seaborn")
STATISTICS = (
    "scipy.stats",
    "statsmodels",
    "pingouin",
    "sklearn",
    "mmme_neuro.models",
    "mmme_neuro.inference",
    "mmme_neuro.association",
    "mmme_neuro.reliability",
)
MAY_DRAW = {"plots", "report", "cli"}
HEAVY = ("matplotlib", "mne", "scipy", "pandas", "numpy", "xarray", "sklearn", "numba", "pingouin")


def name_of(path: Path) -> str:
    """Dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, *, tree: ast.AST | None = None) -> set[str]:
    """Dotted names that a file (or a part of its tree) imports, relative ones resolved."""
    found = set()
    package = name_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(tree or ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def runtime_imports_of(path: Path) -> set[str]:
    """What is imported when the module runs, without imports for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    return imports_of(path, tree=tree)


def part_of(dotted: str) -> str:
    """First name below the package."""
    return dotted.split(".")[1] if "." in dotted else ""


def starts_with(names: set[str], prefixes: tuple[str, ...]) -> list[str]:
    return sorted(
        name for name in names if any(name == p or name.startswith(f"{p}.") for p in prefixes)
    )


MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted((ROOT / "analyses").glob("*.py"))
STEPS = [path for path in SCRIPTS if path.name[:2].isdigit()]
FIGURES = sorted((ROOT / "figures").glob("*.py"))
PAPER = sorted((ROOT / "paper").glob("*.py"))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_imports_go_the_way_of_the_data(path):
    own = part_of(name_of(path))
    if not own:
        return
    assert own in RANK, f"{own} has no place in the drawing: add it to FLOORS"
    used = {part_of(name) for name in imports_of(path) if name.startswith("mmme_neuro.")}
    back = {other for other in used - {own} if RANK.get(other, -1) >= RANK[own]}
    assert not back, f"{name_of(path)} imports {sorted(back)}, which is no earlier step"


def test_no_module_imports_itself_in_a_circle():
    graph = {
        name_of(path): {name for name in runtime_imports_of(path) if name.startswith("mmme_neuro.")}
        for path in MODULES
    }
    names = set(graph)
    edges = {name: (targets & names) - {name} for name, targets in graph.items()}
    done: set[str] = set()

    def visit(name, way):
        assert name not in way, f"circle: {' -> '.join([*way, name])}"
        if name not in done:
            for target in sorted(edges[name]):
                visit(target, [*way, name])
            done.add(name)

    for name in sorted(names):
        visit(name, [])


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS, *FIGURES, *PAPER], ids=shown)
def test_no_star_imports_and_no_own_imports_inside_functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not any(alias.name == "*" for alias in node.names)
        # The command line may load a command's code only when it runs.
        if isinstance(node, ast.FunctionDef) and name_of(path) != "mmme_neuro.cli":
            inner = starts_with(
                imports_of(path, tree=node), ("mmme_neuro", "analyses", "figures", "paper")
            )
            assert not inner, f"{node.name} imports {inner} when called"


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_only_plots_draw(path):
    own, used = part_of(name_of(path)), imports_of(path)
    if own not in MAY_DRAW:
        assert not starts_with(used, (*DRAWING, "mmme_neuro.plots"))
    if own != "plots":
        assert not starts_with(used, DRAWING), "matplotlib is imported in plots/ only"


@pytest.mark.parametrize("path", SCRIPTS, ids=shown)
def test_analyses_draw_nothing(path):
    assert not starts_with(imports_of(path), (*DRAWING, "mmme_neuro.plots", "figures"))


@pytest.mark.parametrize("path", [*FIGURES, *PAPER], ids=shown)
def test_figures_do_no_statistics(path):
    assert not starts_with(imports_of(path), STATISTICS)


@pytest.mark.parametrize("path", STEPS, ids=shown)
def test_steps_say_what_they_read_and_write(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    header = ast.get_docstring(tree)
    assert "eads" in header and "writes" in header
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert {"READS", "WRITES"} <= names


def test_nothing_but_the_command_line_simulates():
    users = {
        name_of(path)
        for path in MODULES
        if part_of(name_of(path)) != "simulate"
        and starts_with(imports_of(path), ("mmme_neuro.simulate",))
    }
    assert users <= {"mmme_neuro.cli"}


def test_numpy_is_never_seeded_globally():
    for path in [*MODULES, *SCRIPTS, *FIGURES]:
        text = path.read_text(encoding="utf-8")
        assert "np.random.seed" not in text and "RandomState(" not in text, path


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_no_pickle_and_no_eval(path):
    assert not starts_with(imports_of(path), ("pickle", "dill", "joblib.load"))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec"}


CATCH_ALL = {"ValueError", "Exception", "BaseException"}


def caught_by(handler: ast.ExceptHandler) -> set[str]:
    """Names of what an ``except`` catches, ``Exception`` for one that names nothing."""
    if handler.type is None:
        return {"Exception"}
    return {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}


def unexplained(text: str) -> list[int]:
    """Lines that catch errors of any kind without a comment that says why."""
    lines = text.splitlines()
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler)
        and caught_by(node) & CATCH_ALL
        and "  # " not in lines[node.lineno - 1]
    ]


def test_a_bare_handler_is_seen():
    code = "try:\n    f()\nexcept {}:\n    g()"
    for kind in ("ValueError", "(KeyError, ValueError) as error", "Exception as error"):
        assert unexplained(code.format(kind)) == [3]
    assert unexplained(code.replace(" {}", "").format()) == [3]
    assert unexplained(code.format("NotEstimable")) == []
    assert (
        unexplained(code.replace(":\n    g", ":  # float() raises it\n    g").format("ValueError"))
        == []
    )


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS, *FIGURES], ids=shown)
def test_no_handler_takes_a_bug_for_a_refusal(path):
    found = unexplained(path.read_text(encoding="utf-8"))
    assert not found, (
        f"{shown(path)}, lines {found}: name an error of mmme_neuro.errors, or say on the line why "
        "ValueError or Exception is caught"
    )


def in_fresh_python(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_import_is_quick_and_light():
    code = (
        "import time; begun = time.perf_counter(); import mmme_neuro; "
        "print(time.perf_counter() - begun); import sys; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    seconds, loaded = in_fresh_python(code).splitlines()
    assert float(seconds) < 1
    assert loaded == "[]"


@pytest.mark.parametrize(
    "name",
    ["read_recording", "clean_eeg", "evoked", "fit_lmm"],
)
def test_using_the_package_loads_no_plotting(name):
    # MNE and its friends bring matplotlib.pyplot only when something is drawn.
    code = (
        f"import mmme_neuro; mmme_neuro.{name}; import sys; "
        "print('matplotlib.pyplot' in sys.modules, 'mmme_neuro.plots.style' in sys.modules)"
    )
    pyplot, own = in_fresh_python(code).split()
    assert own == "False"
    if name != "fit_lmm":  # statsmodels imports it
        assert pyplot == "False"


ROOMS = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))
PUBLIC = {
    name: room
    for room in rooms()
    for name in getattr(import_module(f"mmme_neuro.{room}"), "__all__", [])
}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_with_a_docstring(name):
    thing = getattr(import_module(f"mmme_neuro.{PUBLIC[name]}"), name)
    if callable(thing):
        assert thing.__doc__ and thing.__doc__.strip()


@pytest.mark.parametrize("room", ROOMS, ids=shown)
def test_a_room_has_a_plate_that_names_each_of_its_modules_once(room):
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
    named = re.findall(r"^\* ``(\w+)``: ", text, re.MULTILINE)
    there = [path.stem for path in room.glob("*.py") if path.stem != "__init__"]
    there += [path.parent.name for path in room.glob("*/__init__.py")]
    assert sorted(named) == sorted(there)
    for name in named:
        line = " ".join(text[text.index(f"* ``{name}``: ") :].partition("\n* ")[0].split())
        assert line == f"* ``{name}``: {first_line(room / name)}"


def first_line(path: Path) -> str:
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).splitlines()[0]


@pytest.mark.parametrize("room", ROOMS, ids=shown)
def test_no_room_is_crowded(room):
    if room.name not in {"models", "plots"}:
        assert len(list(room.glob("*.py"))) <= 16  # and __init__


def test_a_module_has_two_users_or_a_public_name_or_an_algorithm():
    users = {name_of(path): set() for path in MODULES if path.name != "__init__.py"}
    for path in [*MODULES, *SCRIPTS, *FIGURES, *PAPER]:
        for used in imports_of(path) & users.keys():
            users[used].add(name_of(path))
    alone = {name for name, by in users.items() if len(by) < 2 and name not in public_modules()}
    small = {name for name in alone if n_lines(name) < SMALLEST_IDEA}
    assert not small, f"{sorted(small)} have one user and no public name: join them to it"


def n_lines(name: str) -> int:
    return len(ROOT.joinpath(*name.split(".")).with_suffix(".py").read_text("utf-8").splitlines())


def public_modules() -> set[str]:
    """Modules that a stub takes a public name from, and modules at the top."""
    found = {name_of(path) for path in PACKAGE.glob("*.py")}
    for stub in PACKAGE.rglob("__init__.pyi"):
        package = ".".join(stub.parent.relative_to(ROOT).parts)
        for node in ast.parse(stub.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                found.add(f"{package}.{node.module}")
    return found


def test_promised_names_are_public():
    promised = (
        "read_events audit_events read_eeg read_physio read_recording align_clocks epoch "
        "simulate_study read_ratings find_components Components clean_eeg Cleaned derive_physio "
        "Derived evoked time_frequency connectivity "
        "graph_measures fit_lmm fit_lmm_map permutation_test ClusterTest contrast "
        "marginal_means rm_corr Recording EventLocked ClockFit LMMFit LMMMap icc "
        "cronbach_alpha mcdonald_omega agreement cross_modal"
    )
    assert set(promised.split()) <= set(mmme_neuro.__all__)


def test_no_public_name_is_given_twice():
    names = [
        name
        for room in rooms()
        for name in getattr(import_module(f"mmme_neuro.{room}"), "__all__", [])
    ]
    assert sorted(names) == sorted(set(names))
    assert len(set(mmme_neuro.__all__) - set(rooms())) <= 45


def test_stubs_name_what_is_there():
    for stub in PACKAGE.rglob("__init__.pyi"):
        tree = ast.parse(stub.read_text(encoding="utf-8"))
        imported = {
            alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        (listed,) = [
            ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)
        ]
        assert sorted(listed) == sorted(imported), stub


SHOWING = {"plots", "simulate", "report", "bids", "io"}
"""Rooms whose modules may carry the name of what they draw, simulate, report, export or read."""


def test_no_two_public_names_are_alike():
    """Only a verb and the class it gives may differ by letter case alone."""
    alike: dict[str, set[str]] = {}
    for name in PUBLIC:
        alike.setdefault(name.lower().replace("_", ""), set()).add(name)
    for names in alike.values():
        verbs = {name for name in names if name.islower()}
        classes = {name for name in names if name[0].isupper() and not name.isupper()}
        assert len(verbs) <= 1 and len(classes) <= 1 and names == verbs | classes or len(names) == 1


def test_no_two_classes_are_alike():
    owners: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                owners.setdefault(node.name, []).append(name_of(path))
    assert {name: places for name, places in owners.items() if len(places) > 1} == {}


def test_modules_are_alike_only_where_one_shows_the_other():
    places: dict[str, list[str]] = {}
    for path in [*MODULES, *(room for room in ROOMS if room != PACKAGE)]:
        if path.name != "__init__.py":
            places.setdefault(path.stem, []).append(part_of(name_of(path)))
    for name, rooms_of_it in places.items():
        others = [room for room in rooms_of_it if room not in SHOWING]
        # A room of the room, such as signals/eeg, and a module of another room count, too.
        assert len(others) <= 1, f"{name}: {sorted(rooms_of_it)}"
        shown_twice = [room for room in rooms_of_it if rooms_of_it.count(room) > 1]
        assert not shown_twice, f"{name}: {shown_twice}"


IMPORTED_AS = {
    "lazy-loader": "lazy_loader",
    "mne-bids": "mne_bids",
    "mne-connectivity": "mne_connectivity",
    "mne-icalabel": "mne_icalabel",
    "pillow": "PIL",
}
THROUGH = {
    "dask": "distributed",
    "dask-jobqueue": "distributed",  # its clusters are addresses for a client
    "h5netcdf": "xarray",  # maps on disk
    "onnxruntime": "mne_icalabel",
    "openpyxl": "pandas",  # annotation sheets
    "pybv": "mne_bids",
    "python-picard": "mne",  # ICA
    "scikit-learn": "nilearn",
}
"""Packages that work for this one through another, which is imported."""

FOR_DEVELOPERS = {"dev", "docs"}
NINE = {"mne", "numpy", "scipy", "statsmodels", "pingouin", "nilearn", "matplotlib", "seaborn"}
NINE |= {"pandas"}


def declared_packages() -> set[str]:
    """Names of the packages that users install, with those of the extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra, more in project["optional-dependencies"].items():
        if extra not in FOR_DEVELOPERS:
            lines += more
    names = {re.split(r"[\[<>=~! ;]", line)[0] for line in lines}
    return names - {project["name"]}


def optional_of(path: Path) -> set[str]:
    """Names of optional packages that a file imports where it needs them."""
    calls = [
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    return {
        call.args[0].value
        for call in calls
        if ast.unparse(call.func) == "optional" and isinstance(call.args[0], ast.Constant)
    }


def test_every_declared_package_is_imported():
    files = [*MODULES, *PAPER]
    imported = {
        name.split(".")[0] for path in files for name in imports_of(path) | optional_of(path)
    }
    for package in declared_packages():
        name = THROUGH.get(package) or IMPORTED_AS.get(package, package)
        assert name in imported, f"{package} is declared and imported by nothing"
    assert imported >= NINE


def test_a_package_that_works_through_another_is_not_imported_itself():
    imported = {name.split(".")[0] for path in MODULES for name in imports_of(path)}
    assert not imported & {"networkx", "onnxruntime", "openpyxl", "h5netcdf", "picard", "pybv"}
