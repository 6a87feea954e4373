"""The inside of a worker process: it trains what it is given, and ends with its driver."""

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from nas.search.executors.jobs import JobResult
from nas.search.executors.worker_process import Runner, serve, work
from tests.recall_jobs import SETUP, jobs

SPAWN = multiprocessing.get_context("spawn")


def stuck(pipe: "Connection[Any, Any]", lifeline: "Connection[Any, Any]") -> None:
    """A worker whose job reports nothing, however long one waits."""

    def load() -> Runner:
        pipe.send("busy")
        time.sleep(600)
        raise AssertionError

    serve(pipe, lifeline, load)


def test_a_worker_ends_with_its_driver_in_the_midst_of_a_job() -> None:
    ours, theirs = SPAWN.Pipe()
    end, lifeline = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=stuck, args=(theirs, end), daemon=True)
    process.start()
    assert ours.recv() == "busy"
    end.close()
    lifeline.close()  # as the system does with all that a killed driver had open
    process.join(30)
    ended = process.exitcode
    process.kill()
    assert ended == 1


@pytest.mark.slow
def test_a_worker_trains_its_jobs_one_by_one_and_reports_their_progress(tmp_path: Path) -> None:
    ours, theirs = SPAWN.Pipe()
    end, lifeline = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=work, args=(theirs, end, SETUP, "cpu", 1), daemon=True)
    process.start()
    theirs.close()
    for job in jobs(tmp_path)[:2]:
        ours.send(job)
        *progress, (word, result) = iter_until_done(ours)
        assert word == "done" and isinstance(result, JobResult) and result.job == job and not result.failure
        assert {message[0] for message in progress} == {"progress"}
    ours.close()
    process.join(30)
    assert process.exitcode == 0
    lifeline.close()


def iter_until_done(pipe: "Connection[Any, Any]") -> list[Any]:
    messages = [pipe.recv()]
    while messages[-1][0] == "progress":
        messages.append(pipe.recv())
    return messages
