"""The inside of a Ray actor: one lane, which has a worker process of its own and passes on what that one says.

The worker is a process beside the actor, so that its end tells why it ended, and a crash or a hang in it costs no
placement on the cluster. It ends with the actor, and the actor with the driver.
"""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from traceback import format_exc
from typing import Any

from nas.errors import NasError
from nas.search.executors.checkpoint_files import Change, Files, Watched, write_files
from nas.search.executors.jobs import Job, JobResult, ProfileJob, ProfileResult, Setup
from nas.search.executors.processes import ProcessExecutor, Work

BEAT_SECONDS = 2.0
"""How often a lane with a job is heard of, in seconds."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a lane says of itself when it has started.

    Args:
        host: name of its machine.
        version: of nas there.
        shares: whether it sees the driver's files.
    """

    host: str
    version: str
    shares: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """What a lane says of its job from time to time.

    Args:
        progress: (trial, task, step, number of steps), the newest of each trial and task.
        changes: of checkpoints, for a lane that does not see the driver's files.
        result: of the job, at its end.
        refused: one line, if the worker cannot do what has nothing to do with patterns, such as read the data.
        defect: a traceback, if there is a defect of nas.
    """

    progress: tuple[tuple[int, str, int, int], ...] = ()
    changes: tuple[Change, ...] = ()
    result: JobResult | ProfileResult | None = None
    refused: str = ""
    defect: str = ""

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        return self.result is not None or bool(self.refused or self.defect)


class Lane:
    """Runs the jobs that it is given, one at a time.

    Args:
        setup: what all jobs have in common.
        device: cpu, or cuda:0, the first of the GPUs that Ray shows this actor.
        num_threads: CPU threads that torch may use.
        stall_seconds: how long its worker may report nothing before it is replaced, in seconds.
        work: what its worker process runs.
        folder: the driver's current one, which relative paths in settings start from.
    """

    def __init__(
        self, setup: Setup, device: str, num_threads: int, stall_seconds: float, work: Work, folder: Path
    ) -> None:
        if folder.is_dir():
            os.chdir(folder)
        self._executor = ProcessExecutor(setup, [device], num_threads, stall_seconds, work)

    def greet(self, probe: Path, token: str) -> Greeting:
        """Say who this is.

        Args:
            probe: a file that the driver has written.
            token: its content.
        """
        shares = probe.is_file() and probe.read_text() == token
        return Greeting(socket.gethostname(), version("nas-attention"), shares)

    def run(self, job: Job | ProfileJob, files: Sequence[Files] | None) -> Iterator[Beat]:
        """Run a job; the last of what it says has its result.

        Args:
            job: what to run.
            files: checkpoints of each member, for a lane that does not see the driver's files.
        """
        yield Beat()  # so that the driver knows of an attempt, whatever becomes of it
        if files is None or isinstance(job, ProfileJob):
            yield from self._beats(job, Watched(()))
            return
        with TemporaryDirectory(prefix="nas-lane-") as scratch:
            folders = tuple(Path(scratch) / str(member) for member in range(len(files)))
            for folder, own in zip(folders, files, strict=True):
                write_files(folder, own)
            yield from self._beats(replace(job, folders=folders), Watched(folders))

    def _beats(self, job: Job | ProfileJob, watched: Watched) -> Iterator[Beat]:
        news: SimpleQueue[Any] = SimpleQueue()
        Thread(target=self._work, args=(job, news), daemon=True).start()
        while True:
            beat = _gathered(news)
            beat = replace(beat, changes=tuple(watched.changes()))  # after the result, which they belong to
            yield beat
            if beat.is_last:
                return

    def _work(self, job: Job | ProfileJob, news: "SimpleQueue[Any]") -> None:
        """Run a job in this thread; news are tuples of progress, then a last beat."""
        try:
            self._executor.submit(job)
            news.put(Beat(result=self._executor.next_result(lambda *progress: news.put(progress))))
        except NasError as error:
            news.put(Beat(refused=str(error)))
        except Exception:
            news.put(Beat(defect=format_exc()))


def _gathered(news: "SimpleQueue[Any]") -> Beat:
    """What comes until the next beat is due, or until the last one."""
    due = time.monotonic() + BEAT_SECONDS
    progress: dict[tuple[int, str], tuple[int, str, int, int]] = {}
    last = Beat()
    while (left := due - time.monotonic()) > 0 and not last.is_last:
        try:
            message = news.get(timeout=left)
        except Empty:
            break
        if isinstance(message, Beat):
            last = message
        else:
            progress[message[:2]] = message
    return replace(last, progress=tuple(progress.values()))
