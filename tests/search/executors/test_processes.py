"""Worker processes: the same jobs give the same measurements, and a worker that dies is replaced."""

from contextlib import suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from nas.errors import StudyError
from nas.results.measurement import Outcome
from nas.search.executors import processes
from nas.search.executors.processes import ATTEMPTS, ProcessExecutor
from nas.search.executors.trainer import InlineExecutor, Trainer
from tests.recall_jobs import RUNG, SETUP, jobs, run


@pytest.mark.slow
def test_workers_measure_what_one_process_measures(tmp_path: Path) -> None:
    inline, reported_inline = run(InlineExecutor(Trainer(SETUP, "cpu", 1)), tmp_path / "inline")
    spread, reported_spread = run(ProcessExecutor(SETUP, ["cpu", "cpu"], 1), tmp_path / "spread")
    assert sorted(inline) == [(trial, task) for trial in range(6) for task in SETUP.tasks]
    assert spread == inline
    assert reported_inline == reported_spread == set(inline)


class Doomed:
    """A process that takes a job and dies, with or without last words."""

    def __init__(self, pipe: "Connection[Any, Any]", last_words: tuple[str, str] | None = None) -> None:
        Thread(target=self._take_and_die, args=(pipe, last_words)).start()

    def _take_and_die(self, pipe: "Connection[Any, Any]", last_words: tuple[str, str] | None) -> None:
        with pipe, suppress(EOFError):
            pipe.recv()
            if last_words is not None:
                pipe.send(last_words)

    def kill(self) -> None:
        """Ends when its pipe is closed, if not before."""

    def join(self) -> None:
        """Nothing of it is left to wait for."""


def test_every_job_of_a_trial_has_its_own_attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that died in the search must not cost a try of the same trial's further seeds."""
    started: list[str] = []

    def start(executor: ProcessExecutor, device: str) -> Any:
        started.append(device)
        ours, theirs = Pipe()
        return processes._Worker(device, Doomed(theirs), ours)  # type: ignore[arg-type]

    monkeypatch.setattr(ProcessExecutor, "_start", start)
    executor = ProcessExecutor(SETUP, ["cpu"], 1)
    [_, job, *_] = jobs(tmp_path)
    for seed in (1, 2):
        executor.submit(replace(job, seed=seed))
        [measurement] = executor.next_result(lambda *_: None).measurements
        assert (measurement.outcome, measurement.step) == (Outcome.OUT_OF_MEMORY, RUNG)
        assert len(started) == 1 + ATTEMPTS * seed
    executor.close()


@pytest.mark.parametrize(
    ("last_words", "error"),
    [(("refused", "x.pt: no room"), StudyError), (("failed", "Traceback: a defect"), RuntimeError)],
)
def test_what_a_worker_says_at_its_end_reaches_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last_words: tuple[str, str], error: type[Exception]
) -> None:
    """What can be mended as its own line, a defect with its traceback."""

    def start(executor: ProcessExecutor, device: str) -> Any:
        ours, theirs = Pipe()
        return processes._Worker(device, Doomed(theirs, last_words), ours)  # type: ignore[arg-type]

    monkeypatch.setattr(ProcessExecutor, "_start", start)
    executor = ProcessExecutor(SETUP, ["cpu"], 1)
    executor.submit(jobs(tmp_path)[0])
    with pytest.raises(error, match=f"{last_words[1]}$"):
        executor.next_result(lambda *_: None)
    executor.close()
