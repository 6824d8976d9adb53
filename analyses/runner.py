"""Run steps in order and skip those whose inputs, code and outputs are as they were."""

import hashlib
import importlib
import json
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mmme_neuro.errors import EXPECTED_FAILURES, crash_text
from mmme_neuro.pipeline import code_digest

FOLDER = Path(__file__).parent
SHARED_CODE = (FOLDER / "study.py", FOLDER / "tables.py")


@dataclass(frozen=True)
class Step:
    """One numbered script.

    Its module names what it reads (``study:`` patterns are in the study's folder, the others among
    the results) and what it writes, and has ``main(study, results)``.
    """

    number: str
    name: str
    path: Path

    @property
    def module(self) -> ModuleType:
        """The script as a module."""
        return importlib.import_module(f"analyses.{self.path.stem}")


def steps() -> list[Step]:
    """Every script in order."""
    paths = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
    return [Step(path.stem[:2], path.stem[3:], path) for path in paths]


def run_steps(
    chosen: Iterable[Step],
    study: Path,
    results: Path,
    *,
    force: bool,
    say: Callable[[Step, str], None],
) -> list[str]:
    """Run steps; return the numbers of those that failed or need what a failed one writes."""
    (results / ".stamps").mkdir(parents=True, exist_ok=True)
    failed: dict[str, tuple[str, ...]] = {}
    for step in chosen:
        needed = [number for number, lost in failed.items() if {*lost} & {*step.module.READS}]
        if needed:
            # What lies there is of an earlier run and no longer fits.
            failed[step.number] = step.module.WRITES
            say(step, f"NOT RUN: needs step {', '.join(needed)}, which failed")
            continue
        stamp = results / ".stamps" / f"{step.number}.json"
        before = _state(step, study, results)
        if not force and stamp.is_file() and json.loads(stamp.read_text()) == before:
            say(step, "up to date")
            continue
        log = results / f"{step.number}_error.log"
        stamp.unlink(missing_ok=True)
        begun = time.monotonic()
        say(step, "running")
        try:
            step.module.main(study, results)
        except Exception as error:  # whatever went wrong, steps that do not need this one go on
            failed[step.number] = step.module.WRITES
            log.write_text(traceback.format_exc())
            is_expected = isinstance(error, EXPECTED_FAILURES)
            text = f"FAILED: {type(error).__name__}: {error}"
            say(step, text if is_expected else f"CRASHED: {crash_text(error)} See {log}.")
            continue
        log.unlink(missing_ok=True)
        stamp.write_text(json.dumps(_state(step, study, results)))
        say(step, f"done in {time.monotonic() - begun:.0f} s")
    return list(failed)


def _state(step: Step, study: Path, results: Path) -> dict:
    """Digest of everything a step depends on, and of what it wrote."""
    reads = {}
    for pattern in step.module.READS:
        folder, pattern = _place(pattern, study, results)
        reads[pattern] = _digest(folder.glob(pattern), folder)
    return {
        "code": code_digest((step.path, *SHARED_CODE), {"analyses": FOLDER}),
        "reads": reads,
        "writes": {name: _digest([results / name], results) for name in step.module.WRITES},
    }


def _place(pattern: str, study: Path, results: Path) -> tuple[Path, str]:
    """Folder in which a pattern of ``READS`` is looked for."""
    if pattern.startswith("study:"):
        return study, pattern.removeprefix("study:")
    return results, pattern


def _digest(paths: Iterable[Path], root: Path) -> str:
    """Hash of names and contents of files and folders."""
    total = hashlib.blake2b(digest_size=16)
    for path in sorted(_files(paths)):
        total.update(str(path.relative_to(root)).encode())
        with path.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "blake2b").digest())
    return total.hexdigest()


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    """Files among paths, folders opened."""
    for path in paths:
        if path.is_dir():
            yield from (inner for inner in path.rglob("*") if inner.is_file())
        elif path.is_file():
            yield path
