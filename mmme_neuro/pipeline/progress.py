"""Progress of long work: one line a finished unit, with the time left."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def tracked(total: int, what: str) -> Iterator[Callable[[object], None]]:
    """Show a bar on a terminal, plain lines elsewhere (logs, CI).

    Yields
    ------
    callable
        To be called with each finished unit; what it prints as is shown.
    """
    if sys.stdout.isatty():
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(),
        ) as bar:
            task = bar.add_task(what, total=total)
            yield lambda unit: bar.advance(task)
        return
    begun, done = time.monotonic(), 0

    def step(unit: object) -> None:
        nonlocal done
        done += 1
        elapsed = time.monotonic() - begun
        left = elapsed / done * (total - done)
        print(f"  {what} {done}/{total}, {left:.0f} s left: {unit}", flush=True)

    yield step
