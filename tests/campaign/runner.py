"""Many cases in turn, in a process that is ended when one hangs or takes all memory."""

import multiprocessing
import resource
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.campaign.mutations import NAMES
from tests.campaign.samples import Sample, made_samples, real_samples
from tests.campaign.tables import MUTATIONS, VERBS, try_table
from tests.campaign.trials import LIMIT_S, Outcome, read, try_file

MEMORY_LIMIT_BYTES = 6 * 2**30
START_S = 180.0
"""Longest time that a new process may take to import everything and read the sound files."""


@dataclass(frozen=True)
class Case:
    """One mutated input: of what, which part of it (or which columns), how, and the seed."""

    sample: str
    part: str
    mutation: str
    seed: int


def file_cases(samples: Sequence[Sample], n: int, seed: int) -> list[Case]:
    """Draw cases so that every part of every sample and every mutation come equally often."""
    rng = np.random.default_rng([seed, 0])
    parts = [(sample.name, part) for sample in samples for part in sample.files]
    pairs = [(*part, name) for part in parts for name in NAMES]
    order = np.concatenate([rng.permutation(len(pairs)) for _ in range(-(-n // len(pairs)))])[:n]
    return [Case(*pairs[place], seed=seed + k) for k, place in enumerate(order)]


def table_cases(n: int, seed: int) -> list[Case]:
    """Draw verbs and mutations of their tables equally often."""
    rng = np.random.default_rng([seed, 1])
    pairs = [(verb, name) for verb in VERBS for name in MUTATIONS]
    order = np.concatenate([rng.permutation(len(pairs)) for _ in range(-(-n // len(pairs)))])[:n]
    return [Case(pairs[p][0], "", pairs[p][1], seed=seed + k) for k, p in enumerate(order)]


class FileTrials:
    """Tries mutated files; keeps what their sound versions give.

    Parameters
    ----------
    study : Path
        Simulated study whose sheet and ratings are mutated.
    folder : Path
        Scratch folder.
    data : Path | None
        Real recordings, where they are at hand.
    """

    def __init__(self, study: Path, folder: Path, data: Path | None = None):
        self._made = folder / "sound"
        self._folder = folder / "case"
        made = [(sample, self._made) for sample in made_samples(self._made, study)]
        real = [] if data is None else real_samples(data)
        self._samples = {sample.name: (sample, source) for sample, source in made + real}
        self._sound: dict[str, Any] = {}

    @property
    def samples(self) -> list[Sample]:
        return [sample for sample, _ in self._samples.values()]

    def __call__(self, case: Case) -> Outcome:
        sample, source = self._samples[case.sample]
        if case.sample not in self._sound:
            self._sound[case.sample] = read(sample, source / sample.files[0])[:2]
        return try_file(
            sample,
            case.part,
            case.mutation,
            case.seed,
            source=source,
            folder=self._folder,
            sound=self._sound[case.sample],
        )


def try_table_case(case: Case) -> Outcome:
    """Try one mutated table."""
    return try_table(case.sample, case.mutation, case.seed)


def table_trials(folder: Path) -> Callable[[Case], Outcome]:
    """What tries tables in a process of its own; each verb is called once before the clock runs."""
    for make, call in VERBS.values():
        call(make().copy())
    return try_table_case


class TookTooLong(BaseException):
    """Raised by the clock; no handler of a library catches it."""


def in_time(trial: Callable[[Case], Outcome], case: Case, limit_s: float = LIMIT_S) -> Outcome:
    """Try one case in this process; a hang in Python code is cut off, one in C is not."""

    def stop(*_: Any) -> None:
        raise TookTooLong

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        return trial(case)
    except TookTooLong:
        return Outcome("hang", f"more than {limit_s:g} s", is_fault=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _work(make: Callable[[Path], Callable[[Case], Outcome]], pipe: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    with tempfile.TemporaryDirectory() as folder:
        trial = make(Path(folder))
        pipe.send("ready")
        while (case := pipe.recv()) is not None:
            pipe.send(trial(case))


def outcomes(
    make: Callable[[Path], Callable[[Case], Outcome]],
    cases: Sequence[Case],
    start: str = "spawn",
) -> Iterator[tuple[Case, Outcome]]:
    """Try cases in a process of their own, which starts again after a hang or a crash.

    Parameters
    ----------
    make : callable
        Makes the function that tries a case, in the new process, from a scratch folder.
    cases : sequence of Case
    start : {"spawn", "fork"}
        How the process begins; compiled code with threads does not survive a fork.

    Yields
    ------
    (Case, Outcome)
    """
    context = multiprocessing.get_context(start)
    process = pipe = None
    for case in cases:
        if process is None:
            pipe, theirs = context.Pipe()
            process = context.Process(target=_work, args=(make, theirs), daemon=True)
            process.start()
            theirs.close()
            if not pipe.poll(START_S):
                raise RuntimeError("the process for the cases did not start")
            pipe.recv()
        assert pipe is not None
        pipe.send(case)
        try:
            if not pipe.poll(LIMIT_S):
                raise TimeoutError
            outcome = pipe.recv()
        except TimeoutError:
            outcome = Outcome("hang", f"more than {LIMIT_S:g} s", is_fault=True)
        except EOFError:
            outcome = Outcome("process ended", f"exit code {process.exitcode}", is_fault=True)
        if outcome.what in ("hang", "process ended"):
            process.kill()
            process.join()
            process = None
        yield case, outcome
    if process is not None and pipe is not None:
        with suppress(BrokenPipeError):
            pipe.send(None)
        process.join(10)
