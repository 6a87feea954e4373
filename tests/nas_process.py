"""`nas` as a process of its own, forked from one that has imported what a search needs.

What becomes of it is as real as with a process that was started: signals, exit codes, files and workers. Only the
import of PyTorch and Lightning, several seconds of processor time, is done once for all of them.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from nas.cli.main import main

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["nas.cli.search", "nas.config.load", "nas.search.study", "nas.evaluation.scratch"])


def nothing() -> None:
    """What is done before most commands."""


class NasProcess:
    """A running command, with the methods of `subprocess.Popen` that tests need.

    Args:
        words: after `nas`.
        before: is done in the process before; pickled, so it must be a function of a module, or a partial of one.
    """

    def __init__(self, words: Sequence[str], before: Callable[[], None] = nothing) -> None:
        self._folder = TemporaryDirectory(prefix="nas-process-")
        self._errors = Path(self._folder.name, "stderr")
        self._process = _FORKS.Process(target=_run, args=(words, before, dict(os.environ), str(self._errors)))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[None, bytes]:
        """Wait until it has ended; nothing, and what it wrote to standard error."""
        self._process.join(timeout)
        assert self.returncode is not None, f"it still runs after {timeout} s"
        return None, self._errors.read_bytes() if self._errors.exists() else b""

    def close(self) -> None:
        """Kill it if it runs, and forget it."""
        self.kill()
        self._process.join()
        self._process.close()
        self._folder.cleanup()


def _run(words: Sequence[str], before: Callable[[], None], environment: Mapping[str, str], errors: str) -> None:
    os.setsid()  # Ctrl-C reaches a whole group of processes, of which pytest must be none
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in ((1, os.devnull), (2, errors)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    before()
    sys.argv = ["nas", *words]
    sys.exit(main())
