"""Digest of the code that a module reaches by its imports, without comments and docstrings."""

import ast
import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""Folder of this package."""

VERSION = "__version__"
OWN = ".__init__"
"""Stands for a package's own code, where a name is taken that the package itself defines."""


def code_digest(roots: Iterable[Path], others: Mapping[str, Path] | None = None) -> str:
    """Digest of modules and of everything that they import from this package.

    Parameters
    ----------
    roots : iterable of Path
        Modules, inside the package or not.
    others : mapping of str to Path, optional
        Name of each further package whose modules count -> its folder.

    Returns
    -------
    str
        16 hexadecimal digits. A change of code in the roots or in a module that they import,
        directly or not, changes it; comments, docstrings and the place of the folders do not.

    Notes
    -----
    Imports inside of functions count, imports for type checkers only do not. A name taken from a
    package that loads lazily leads to the module that its stub (``__init__.pyi``) names, and a
    package that is used as a whole to all of these. A package's ``__init__`` counts with any of
    its modules, but its ``__version__`` only where it is used.

    Examples
    --------
    >>> root = PACKAGE / "vocabulary.py"
    >>> code_digest([root]) == code_digest([root, PACKAGE / "vocabulary.py"])
    True
    """
    total = hashlib.blake2b(digest_size=8)
    packages = {PACKAGE.name: PACKAGE, **(others or {})}
    for name, digest in sorted(_reached(roots, _Packages(packages)).items()):
        total.update(f"{name} {digest}\n".encode())
    return total.hexdigest()


def _reached(roots: Iterable[Path], known: "_Packages") -> dict[str, str]:
    """Digest of every module reached, by name."""
    found: dict[str, str] = {}
    with _without_collector():
        waiting = [(known.name_of(root), root) for root in roots]
        while waiting:
            name, file = waiting.pop()
            if name in found:
                continue
            code = _code(file, *_stamp(file))
            is_implied = file.name == "__init__.py" and not name.endswith(OWN)
            found[name] = code.digest_without_version if is_implied else code.digest
            for target in known.imported_by(name.removesuffix(OWN), file, code):
                waiting.append((target, known.file_of(target.removesuffix(OWN))))  # type: ignore[arg-type]
    return found


@dataclass(frozen=True)
class _Import:
    """``from {level dots}{module} import {taken} as {bound}``, or ``import {module}``."""

    level: int
    module: str
    taken: str
    bound: str

    def base(self, package: str) -> str:
        """Absolute name of the module, for an import in a package."""
        if not self.level:
            return self.module
        parts = package.split(".")
        above = parts[: len(parts) - self.level + 1]
        return ".".join([*above, *([self.module] if self.module else [])])


@dataclass(frozen=True)
class _Code:
    """Digests of a module, and what it imports."""

    digest: str
    digest_without_version: str
    imports: tuple[_Import, ...]


@dataclass(frozen=True)
class _Packages:
    """Packages whose modules count: name -> folder."""

    folders: Mapping[str, Path]
    _files: dict[str, Path | None] = field(default_factory=dict)

    def file_of(self, dotted: str) -> Path | None:
        """File of a module or package; None where there is none."""
        if dotted not in self._files:
            self._files[dotted] = self._found(dotted)
        return self._files[dotted]

    def _found(self, dotted: str) -> Path | None:
        """Look a module up on disk."""
        first, *rest = dotted.split(".")
        if first not in self.folders:
            return None
        path = self.folders[first].joinpath(*rest)
        candidates = (path / "__init__.py", path.with_name(f"{path.name}.py"))
        return next((file for file in candidates if file.is_file()), None)

    def name_of(self, file: Path) -> str:
        """Dotted name of a file; outside the packages the file's own name."""
        for package, folder in self.folders.items():
            if file.is_relative_to(folder):
                parts = [package, *file.relative_to(folder).with_suffix("").parts]
                return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        return file.name

    def imported_by(self, name: str, file: Path, code: _Code) -> Iterator[str]:
        """Modules that a module leads to: its package, and what it imports."""
        above = name.rpartition(".")[0]
        package = name if file.name == "__init__.py" else above
        if self.file_of(above):
            yield above
        for one in code.imports:
            base = one.base(package)
            if self.file_of(base) is None:
                continue
            yield base
            taken = (one.taken,) if one.taken not in ("", "*") else ()
            if taken and self.file_of(f"{base}.{one.taken}") is None:
                yield from self.modules_of(base, taken)
                continue
            # A module or package is bound: what is taken from it shows where its name is used.
            start = one.bound if not taken and one.bound == base.partition(".")[0] else base
            for chain in _uses(file, *_stamp(file)).get(one.bound, {()}):
                yield from self.modules_of(start, (*taken, *chain))

    def modules_of(self, module: str, names: tuple[str, ...]) -> Iterator[str]:
        """Modules that define ``module.name.name``; of a package as a whole, all of its stub."""
        file = self.file_of(module)
        if file is None or file.name != "__init__.py":
            yield module
            return
        stub = _stub(file.with_suffix(".pyi"), module)
        if not names:
            yield module
            for base, name in stub.values():
                yield from self.modules_of(base, (name,))
            return
        first, rest = names[0], names[1:]
        if first in stub and stub[first] != (module, first):
            base, name = stub[first]
            yield from self.modules_of(base, (name, *rest))
        elif self.file_of(f"{module}.{first}"):
            yield from self.modules_of(f"{module}.{first}", rest)
        else:
            yield f"{module}{OWN}"


def _stamp(file: Path) -> tuple[int, int]:
    """Changes when the file does, so that unchanged files are read once."""
    found = file.stat()
    return found.st_mtime_ns, found.st_size


@cache
def _code(file: Path, *_: int) -> _Code:
    """Read a module."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imports = tuple(_imports(tree))
    for node in _statements(tree):
        for name in _BLOCKS:
            if isinstance(block := getattr(node, name, None), list):
                block[:] = [inner for inner in block if not _is_text(inner)]
    digest = _digest(tree)
    tree.body = [node for node in tree.body if not _sets_version(node)]
    return _Code(digest, _digest(tree), imports)


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """A node and the statements inside it, but no expressions."""
    yield node
    for name in _BLOCKS:
        if isinstance(block := getattr(node, name, None), list):
            for inner in block:
                yield from _statements(inner)


def _imports(tree: ast.AST) -> Iterator[_Import]:
    """Imports of a module, except those for type checkers."""
    for_checkers = {
        id(inner)
        for node in _statements(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for outer in node.body
        for inner in _statements(outer)
    }
    for node in _statements(tree):
        if id(node) in for_checkers:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(0, alias.name, "", alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield _Import(node.level, node.module or "", alias.name, alias.asname or alias.name)


@cache
def _uses(file: Path, *_: int) -> dict[str, set[tuple[str, ...]]]:
    """Attributes taken from each name of a module: ``{"np": {("linalg", "norm"), ...}}``."""
    uses: dict[str, set[tuple[str, ...]]] = {}

    def visit(node: ast.AST) -> None:
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            uses.setdefault(node.id, set()).add(tuple(chain))
        for inner in ast.iter_child_nodes(node):
            visit(inner)

    visit(ast.parse(file.read_text(encoding="utf-8")))
    return uses


def _stub(file: Path, package: str) -> dict[str, tuple[str, str]]:
    """Name in a package's stub -> module and name there."""
    if not file.is_file():
        return {}
    return dict(_stub_names(file, package, *_stamp(file)))


@cache
def _stub_names(file: Path, package: str, *_: int) -> tuple[tuple[str, tuple[str, str]], ...]:
    """Names of a stub, read once."""
    imports = _imports(ast.parse(file.read_text(encoding="utf-8")))
    return tuple((one.bound, (one.base(package), one.taken)) for one in imports)


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a docstring, or a text below a constant."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _sets_version(node: ast.AST) -> bool:
    """Whether a statement is ``__version__ = ...``."""
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == VERSION


def _digest(tree: ast.AST) -> str:
    """Digest of a tree, whatever its lines."""
    return hashlib.blake2b(ast.dump(tree).encode(), digest_size=16).hexdigest()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from going through the many nodes of the trees again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
