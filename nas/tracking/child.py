"""The child process that runs `worker.py`; it may refuse, hang or die at any time."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nas.redact import redact_text
from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings

_WORKER = Path(__file__).with_name("worker.py")
_KEPT_ONLINE = ("WANDB_API_KEY", "WANDB_BASE_URL", "WANDB_INSECURE_DISABLE_SSL")


class RecordingError(Exception):
    """W&B did not record a run; the message is one line with the cause, without credentials."""


class Child:
    """A running worker.

    W&B reads settings from the working directory, such as the address that the key is sent to. A study folder may come
    from a stranger, so the worker runs in an empty folder, and settings for W&B in a study are refused. Those of the
    user in `~/.config/wandb` hold.

    Args:
        settings: mode, project and entity.
        folder: the study folder.
        seconds_per_run: longest time for one run, after which the worker exits.

    Raises:
        RecordingError: the folder is gone, has settings for W&B or a link among W&B's files, or the process could
            not be started.
    """

    def __init__(self, settings: TrackingSettings, folder: Path, seconds_per_run: float) -> None:
        self._settings, self._seconds = settings, seconds_per_run
        folder = folder.resolve()
        _check_untouched(folder)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._empty = tempfile.TemporaryDirectory(prefix="nas-tracking-", ignore_cleanup_errors=True)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_WORKER), str(folder), str(seconds_per_run)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                cwd=self._empty.name,
                env=_environment(settings.mode, folder),
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C stops the search, not the run that is being written
            )
        except OSError as error:
            self._release()
            raise RecordingError(redact_text(str(error))) from None

    def record(self, run: Run) -> None:
        """Record one run and wait for it.

        Raises:
            RecordingError: W&B refused, hung or died. The worker may be unusable afterwards.
        """
        job = {
            "mode": self._settings.mode,
            "project": self._settings.project,
            "entity": self._settings.entity,
            "run": run.to_dict(),
        }
        answer = self._ask(json.dumps(job) + "\n")
        error = json.loads(answer)["error"] if answer.endswith("\n") else self._last_words()
        if error is not None:
            raise RecordingError(redact_text(error))

    def close(self) -> None:
        """Wait for the worker to exit, or kill it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(OSError):  # flushes what a dead worker never read
            self._process.stdin.close()
        try:
            self._process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._process.stdout.close()
        self._release()

    def kill(self) -> None:
        """Kill the worker; a pending `record` raises RecordingError."""
        self._process.kill()

    def _release(self) -> None:
        self._stderr.close()
        self._empty.cleanup()

    def _ask(self, line: str) -> str:
        """The answer of the worker; empty or truncated if it died."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            return ""
        return self._process.stdout.readline()

    def _last_words(self) -> str:
        self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        if any(line.startswith("Timeout (") for line in lines):
            return f"no answer within {self._seconds:g} s"
        return f"the W&B process ended: {lines[-1].strip() if lines else f'status {self._process.returncode}'}"


def _check_untouched(folder: Path) -> None:
    """Refuse what decides where W&B sends or writes, and what nas never puts into a study.

    Raises:
        RecordingError: the folder is gone, `wandb` or a place in it is a link, or there are settings for W&B.
    """
    if not folder.is_dir():
        raise RecordingError(f"{folder} is gone")
    link = next((path for path in _written_to(folder / "wandb") if path.is_symlink()), None)
    if link is not None:
        raise RecordingError(f"{link} is a link, and W&B's files would go where it points; remove it")
    for name in ("wandb/settings", ".wandb"):
        if os.path.lexists(folder / name):
            raise RecordingError(f"{folder / name} would decide where W&B sends runs and the key; remove it")


def _written_to(ours: Path) -> Iterator[Path]:
    """The places in W&B's folder that it writes to again: all but the insides of its runs, where it makes links too."""
    yield ours
    if ours.is_dir() and not ours.is_symlink():
        yield from ours.iterdir()
    for again in ("staging", "cache"):
        for parent, folders, files in os.walk(ours / again):
            yield from (Path(parent, name) for name in (*folders, *files))


def _environment(mode: str, folder: Path) -> dict[str, str]:
    """Our environment without W&B variables that would redirect runs, and offline without the key."""
    kept = _KEPT_ONLINE if mode == "online" else ()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_") or name in kept}
    return ours | {"WANDB_CACHE_DIR": str(folder / "wandb" / "cache"), "WANDB_ERROR_REPORTING": "false"}
