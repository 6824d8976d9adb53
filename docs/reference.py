"""The page of the reference: one section per room, from the rooms themselves."""

import ast
import re
from importlib import import_module
from pathlib import Path

import mmme_neuro

PACKAGE = Path(mmme_neuro.__file__).parent
HEAD = """Reference
=========

The names that most studies need can be imported from ``mmme_neuro`` itself; every name can be
imported from its room. Data come first; times are in seconds, signals keep MNE's SI units, and
columns of tables name their unit.
"""
MODULE = re.compile(r"\* ``(\w+)``")


def plate(room: str) -> tuple[str, list[str]]:
    """Question of a room, or first sentence of a module, and its modules in reading order."""
    path = PACKAGE.joinpath(*room.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0], MODULE.findall(text)


def rooms() -> list[str]:
    """Rooms and modules at the top, in reading order."""
    return MODULE.findall(mmme_neuro.__doc__ or "")


def public_names(room: str) -> list[str]:
    """Public names of a room in the reading order of its modules."""
    if not (PACKAGE / room).is_dir():
        return list(getattr(import_module(f"mmme_neuro.{room}"), "__all__", []))
    stub = ast.parse((PACKAGE / room / "__init__.pyi").read_text(encoding="utf-8"))
    names = {
        node.module: [alias.name for alias in node.names]
        for node in stub.body
        if isinstance(node, ast.ImportFrom) and node.module
    }
    return [name for module in _modules(room, "") for name in names.pop(module, [])]


def _modules(room: str, above: str) -> list[str]:
    """Modules of a room and the rooms in it, as its stub names them."""
    found = []
    for name in plate(room)[1]:
        is_room = (PACKAGE.joinpath(*room.split(".")) / name).is_dir()
        found += _modules(f"{room}.{name}", f"{above}{name}.") if is_room else [above + name]
    return found


def reference_page() -> str:
    """The page as reStructuredText."""
    parts = [HEAD]
    top = [name for name in mmme_neuro.__all__ if name not in rooms()]
    parts.append("At the top: " + ", ".join(f"`{name}`" for name in top) + ".\n")
    for room in rooms():
        if names := public_names(room):
            title = f"mmme_neuro.{room}"
            parts += [f"{title}\n{'-' * len(title)}\n", f"{plate(room)[0]}\n"]
            parts.append(f".. currentmodule:: {title}\n\n.. autosummary::\n   :toctree: api/\n")
            parts.append("\n".join(f"   {name}" for name in names) + "\n")
    return "\n".join(parts)


def write_reference(path: Path) -> None:
    """Write the page, unless it is as it should be."""
    text = reference_page()
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
