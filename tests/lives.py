"""Lives of a toy study: processes that drive it, pretend to train, and are really killed.

`python -m tests.lives` imports what a study needs once, and then forks a process for every life, so that hundreds take
a minute. The tests talk to it through `Lives`.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

POINTS = ("ask", "dispatch", "result", "measurement", "tell", "record", "database", "front")
"""Where a life can be made to end: just before and just after the driver does this."""


class Lives:
    """A context in which lives can be started; every one has ended when its method returns."""

    def __enter__(self) -> Self:
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.lives"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin and self._server.stdout
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()

    def live(
        self,
        folder: Path,
        *,
        seconds: float | None = None,
        at: tuple[str, str, int] | None = None,
        database: bool = False,
    ) -> bool:
        """Drive the study in a folder until it ends, or the life does.

        Args:
            folder: of the study.
            seconds: after which SIGKILL comes, in seconds; None for never.
            at: a point, `before` or `after`, and how often it is passed first; the life kills itself there.
            database: whether study.db follows; making one takes as long as all the rest.

        Returns:
            whether it was killed.
        """
        assert self._server.stdin and self._server.stdout
        _log_of(folder).unlink(missing_ok=True)  # here, since a life may be killed before it has done anything
        wanted = {"folder": str(folder), "seconds": seconds, "at": at, "database": database}
        self._server.stdin.write(json.dumps(wanted) + "\n")
        self._server.stdin.flush()
        code = json.loads(self._server.stdout.readline())
        assert code in (0, -signal.SIGKILL), f"a life ended with exit code {code}"
        return bool(code)


def trained(folder: Path) -> list[tuple[int, int, int]]:
    """The trial, the seed and the rung of every training of the newest life; none if it was killed at its start."""
    log = _log_of(folder)
    return [tuple(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []


def _log_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.trained")


def _main() -> None:
    """Fork a life for every line that is read, and answer with how it ended."""
    from tests.toy_study import toy_problem

    problem, answers = toy_problem(), os.fdopen(os.dup(1), "w")
    problem = replace(problem, baselines={name: problem.baselines[name] for name in ("full", "longformer")})
    os.fsync = lambda fd: None  # it outlasts a loss of power, which a kill is not
    with redirect_stdout(sys.stderr), TemporaryDirectory() as folder:
        _live(problem, Path(folder, "warm", "toy"), None, True)  # what is imported and made once, every life finds
        for line in sys.stdin:
            wanted = json.loads(line)
            child = os.fork()
            if not child:
                code = 1
                try:
                    _live(problem, Path(wanted["folder"]), wanted["at"], wanted["database"])
                    code = 0
                finally:
                    os._exit(code)
            if wanted["seconds"] is not None:
                time.sleep(wanted["seconds"])
                os.kill(child, signal.SIGKILL)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)


def _live(problem: Any, folder: Path, at: tuple[str, str, int] | None, with_database: bool) -> None:
    from nas.proxy.settings import TrainingSettings
    from nas.results.identity import keep_identity
    from nas.results.lock import locked
    from nas.search.concurrency import Concurrency
    from nas.search.driver import Driver
    from nas.search.observers import Observers
    from nas.search.samplers.catalog import SAMPLERS
    from nas.search.settings import FidelitySettings, StudySettings
    from nas.search.storage.database import StudyDatabase
    from nas.search.storage.follower import follow
    from nas.search.storage.study_folder import StudyFolder
    from nas.search.trial_store import TrialStore
    from tests.toy_study import FakeExecutor

    class Logged(FakeExecutor):
        """Writes down what it trains before anyone can know the result."""

        def next_result(self, on_progress: Any) -> Any:
            result = super().next_result(on_progress)
            with _log_of(folder).open("a") as log:
                log.write(json.dumps(self.rungs[-1]) + "\n")
            return result

    if at is not None:
        point, when, passes = at
        owner: Any
        owner, name = {
            "ask": (StudyFolder, "write_proposal"),
            "dispatch": (Logged, "submit"),
            "result": (Logged, "next_result"),
            "measurement": (StudyFolder, "write_measurement"),
            "tell": (TrialStore, "advance"),
            "record": (StudyFolder, "write_trial"),
            "database": (StudyDatabase, "write"),
            "front": (StudyFolder, "write_front"),
        }[point]
        setattr(owner, name, _deadly(getattr(owner, name), when, passes))
    folder.parent.mkdir(exist_ok=True)
    settings = StudySettings(
        study=folder.name,
        num_trials=4,
        sampler="random",
        confirm_seeds=1,
        training=TrainingSettings(num_steps=400, num_rungs=3),
        fidelity=FidelitySettings(num_patterns=2, times=2, num_seeds=1),
    )
    study, executor = StudyFolder(folder), Logged(random.Random(time.time_ns()))
    with locked(folder), ExitStack() as stack:
        study.remove_unfinished()
        study.forget_failures()
        observers = []
        if with_database:
            identity = keep_identity(study, tuple(goal.objective for goal in problem.objectives))
            observers.append(stack.enter_context(closing(follow(study, identity, None))))
        concurrency = Concurrency(num_workers=2, cohort_size=1)
        make_sampler = SAMPLERS[settings.sampler]
        Driver(settings, problem, make_sampler, study, executor, Observers(observers), concurrency).run()


def _deadly(method: Callable[..., Any], when: str, passes: int) -> Callable[..., Any]:
    left = [passes]

    def call(*args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(*args, **named)
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


if __name__ == "__main__":
    _main()
