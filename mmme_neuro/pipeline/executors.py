"""Where participants are processed: this machine or a Dask cluster; progress of long runs."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from mmme_neuro.extras import optional


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


@contextmanager
def processes(jobs: int) -> Iterator[Executor]:
    """Give an executor of worker processes.

    Parameters
    ----------
    jobs : int
        Workers.

    Yields
    ------
    concurrent.futures.Executor
    """
    # A forked worker inherits the locks of the parent's threads; a spawned one does not.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as executor:
        yield executor


@contextmanager
def dask_cluster(address: str, *, jobs: int = 2) -> Iterator[Executor]:
    """Give an executor of a Dask cluster.

    Parameters
    ----------
    address : str
        ``"tcp://host:8786"`` of a scheduler, the path of a scheduler file, or ``"local"`` to start
        a cluster of ``jobs`` workers on this machine. Workers need this package and the study's
        folder under the same path.
    jobs : int
        Workers of a local cluster.

    Yields
    ------
    concurrent.futures.Executor

    Raises
    ------
    MissingExtra
        When Dask is not installed.
    OSError
        When the scheduler does not answer.
    """
    optional("dask")
    distributed = optional("distributed")
    if address == "local":
        with (
            distributed.LocalCluster(
                n_workers=jobs, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client.get_executor(pure=False, retries=0)
        return
    place = {"address": address} if "://" in address else {"scheduler_file": address}
    with distributed.Client(**place, timeout=30) as client:
        yield client.get_executor(pure=False, retries=0)
