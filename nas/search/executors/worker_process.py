"""The inside of a worker process: jobs come in through a pipe, progress and results go out."""

import os
import traceback
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from nas.errors import NasError
from nas.search.executors.jobs import Job, ProfileJob, Setup
from nas.search.executors.trainer import Trainer


def work(
    pipe: "Connection[Any, Any]", lifeline: "Connection[Any, Any]", setup: Setup, device: str, num_threads: int
) -> None:
    """Run jobs until the driver is gone.

    Messages out: ("progress", trial, task, step, number of steps), ("done", its result), ("refused", one line),
    ("defect", traceback).

    Args:
        pipe: to and from the driver.
        lifeline: nothing ever comes through it; it breaks when the driver dies, however that happens.
        setup: what all jobs have in common.
        device: cpu, cuda or cuda:N.
        num_threads: CPU threads that torch may use.
    """
    Thread(target=_end_with_driver, args=(lifeline,), daemon=True).start()
    try:
        trainer = Trainer(setup, device, num_threads)
        while True:
            job = pipe.recv()
            assert isinstance(job, Job | ProfileJob)
            pipe.send(("done", trainer.run(job, lambda *progress: pipe.send(("progress", *progress)))))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except NasError as error:
        pipe.send(("refused", str(error)))
    except Exception:  # while the trainer was made: a defect of nas, not of a pattern
        pipe.send(("defect", traceback.format_exc()))


def _end_with_driver(lifeline: "Connection[Any, Any]") -> None:
    """End at once with the driver, also in the midst of a job: an orphan would hold its device for nothing."""
    lifeline.poll(None)
    os._exit(1)
