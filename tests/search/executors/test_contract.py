"""What every executor promises: in this process, in processes, and in lanes on a Ray cluster.

Workers are real processes, with a trainer that does what the task of a job says; none of them needs torch.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.profiling.conditions import profile_conditions
from nas.results.measurement import Outcome
from nas.search.executor_settings import RaySettings
from nas.search.executors.jobs import Executor, Job, JobResult, ProfileJob, ProfileResult
from nas.search.executors.processes import ProcessExecutor
from nas.search.executors.ray_executor import RayExecutor
from nas.search.executors.trainer import InlineExecutor
from nas.search.problem.problem import Problem
from tests.pretended_worker import RUNG, SETUP, Pretender, a_job, pretend, pretended_profile

KINDS = ["inline", "processes", pytest.param("ray", marks=pytest.mark.slow)]
PARALLEL = KINDS[1:]

MakeExecutor = Callable[..., Executor]


def started(kind: str, folder: Path, address: str = "", stall_seconds: float = 600.0) -> Executor:
    if kind == "inline":
        return InlineExecutor(Pretender())
    if kind == "processes":
        return ProcessExecutor(SETUP, ["cpu"] * 2, 1, stall_seconds, pretend)
    return RayExecutor(SETUP, ["cpu"] * 2, RaySettings(address=address), stall_seconds, folder, pretend)


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeExecutor]:
    """Start an executor of a kind, on Ray in a cluster that is there; it is closed at the end."""
    running: list[Executor] = []

    def start_one(kind: str, **how: float) -> Executor:
        address = request.getfixturevalue("cluster").address if kind == "ray" else ""
        running.append(started(kind, tmp_path, address, **how))
        return running[-1]

    yield start_one
    while running:
        running.pop().close()


def results(executor: Executor, *jobs: Job | ProfileJob) -> list[JobResult | ProfileResult]:
    """The results of some jobs, in the order in which they came."""
    for job in jobs:
        executor.submit(job)
    return [executor.next_result(lambda *_: None) for _ in jobs]


def trained(executor: Executor, job: Job) -> JobResult:
    [result] = results(executor, job)
    assert isinstance(result, JobResult) and result.job == job
    return result


def num_lives(job: Job) -> int:
    return len((job.folders[0] / f"lives-{job.task}").read_text().splitlines())


@pytest.mark.parametrize("kind", KINDS)
def test_every_job_comes_back_once_with_what_was_asked(
    kind: str, start: MakeExecutor, tmp_path: Path, problem: Problem
) -> None:
    executor = start(kind)
    jobs = [a_job(tmp_path, trials=numbers) for numbers in ((0, 1), (2,), (3, 4, 5), (6,))]
    conditions = profile_conditions(problem.target, "prefill", "cpu", 1)
    asked = ProfileJob(trial=7, pattern=jobs[0].members[0].pattern, conditions=conditions)
    reported: set[int] = set()
    for job in jobs:
        executor.submit(job)
    executor.submit(asked)
    found = [executor.next_result(lambda trial, *_: reported.add(trial)) for _ in range(5)]
    by_id = {result.job.id: result for result in found}
    assert set(by_id) == {asked.id, *(job.id for job in jobs)}
    for job in jobs:
        result = by_id[job.id]
        assert isinstance(result, JobResult) and result.job == job and not result.failure
        assert [one.pattern_id for one in result.measurements] == [one.pattern.id_in_order for one in job.members]
        assert {(one.task, one.step, one.seed, one.conditions) for one in result.measurements} == {
            (job.task, RUNG, job.seed, job.conditions)
        }
    assert by_id[asked.id] == ProfileResult(asked, pretended_profile(asked))
    assert reported == set(range(7))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_pattern_makes_fail_is_a_result_and_the_next_job_runs(
    kind: str, start: MakeExecutor, tmp_path: Path
) -> None:
    executor = start(kind)
    failed = trained(executor, a_job(tmp_path, "raise", trials=(0, 1)))
    assert failed.failure == "Traceback\nValueError: no\n"
    assert [(one.outcome, one.reason) for one in failed.measurements] == [(Outcome.FAILED, "ValueError: no")] * 2
    starved = trained(executor, a_job(tmp_path, "out of memory"))
    assert [one.outcome for one in starved.measurements] == [Outcome.OUT_OF_MEMORY]
    assert [one.outcome for one in trained(executor, a_job(tmp_path)).measurements] == [Outcome.FINISHED]


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_refuses_stops_the_study_with_its_line(kind: str, start: MakeExecutor, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"^x\.pt: no room$"):
        results(start(kind), a_job(tmp_path, "refuse"))


@pytest.mark.parametrize("kind", PARALLEL)
def test_lanes_run_side_by_side(kind: str, start: MakeExecutor, tmp_path: Path) -> None:
    jobs = [a_job(tmp_path, "meet 2", trials=(number,)) for number in range(2)]
    assert [result.failure for result in results(start(kind), *jobs)] == ["", ""]


@pytest.mark.parametrize("kind", PARALLEL)
def test_the_job_of_a_worker_that_dies_is_tried_again(kind: str, start: MakeExecutor, tmp_path: Path) -> None:
    executor = start(kind)
    for name in ("SIGKILL", "SIGSEGV"):
        result = trained(executor, job := a_job(tmp_path, f"once {name}"))
        assert [one.outcome for one in result.measurements] == [Outcome.FINISHED]
        assert num_lives(job) == 2


@pytest.mark.parametrize("kind", PARALLEL)
def test_a_job_whose_workers_die_says_truly_how(kind: str, start: MakeExecutor, tmp_path: Path) -> None:
    executor = start(kind)
    for task, outcome, how in [
        ("SIGKILL", Outcome.OUT_OF_MEMORY, "was killed by SIGKILL, most likely for its memory"),
        ("SIGSEGV", Outcome.FAILED, "was killed by SIGSEGV"),
        ("exit 3", Outcome.FAILED, "ended with exit code 3"),
    ]:
        result = trained(executor, job := a_job(tmp_path, task))
        [measurement] = result.measurements
        assert (measurement.outcome, measurement.reason) == (outcome, f"its worker {how}, 2 times")
        assert num_lives(job) == 2
    assert [one.outcome for one in trained(executor, a_job(tmp_path)).measurements] == [Outcome.FINISHED]


@pytest.mark.parametrize("kind", PARALLEL)
def test_a_worker_that_hangs_is_replaced(kind: str, start: MakeExecutor, tmp_path: Path) -> None:
    executor = start(kind, stall_seconds=1.5)
    [measurement] = trained(executor, a_job(tmp_path, "hang")).measurements
    assert measurement.outcome is Outcome.FAILED
    assert measurement.reason == "its worker reported nothing for 0.025 minutes, 2 times"


@pytest.mark.parametrize("kind", PARALLEL)
def test_no_process_outlives_the_executor(kind: str, start: MakeExecutor, tmp_path: Path) -> None:
    executor = start(kind)
    trained(executor, a_job(tmp_path))
    executor.submit(a_job(tmp_path, "hang"))
    pids = [pid for pid in written_pids(tmp_path) if pid != os.getpid()]
    executor.close()
    check_gone(pids)


@pytest.mark.parametrize("kind", PARALLEL)
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_no_process_outlives_the_driver(kind: str, how: str, tmp_path: Path, ray_token: None, light_ray: None) -> None:
    """Ctrl-C reaches the whole group of processes, but the driver alone decides what it means."""
    program = f"from tests.search.executors import test_contract as t; t.drive({kind!r}, {str(tmp_path)!r})"
    driver = subprocess.Popen([sys.executable, "-c", program], start_new_session=True, stderr=subprocess.PIPE)
    pids = written_pids(tmp_path)
    if how == "SIGKILL":
        driver.kill()
    else:
        os.killpg(driver.pid, signal.SIGINT)
    _, errors = driver.communicate(timeout=60)
    assert driver.returncode == -signal.SIGKILL if how == "SIGKILL" else b"KeyboardInterrupt" in errors, errors.decode()
    check_gone(pids)


def drive(kind: str, folder: str) -> None:
    """The driver of the test above: it waits for a job that never ends."""
    with closing(started(kind, Path(folder))) as executor:
        results(executor, a_job(Path(folder), "hang"))


def written_pids(folder: Path) -> list[int]:
    """The process that runs a job that never ends, and the one above it."""
    lives, deadline = folder / "0" / "lives-hang", time.monotonic() + 60
    while not lives.exists() or not lives.read_text().endswith("\n"):
        assert time.monotonic() < deadline, "the job never began"
        time.sleep(0.02)
    return [int(word) for word in lives.read_text().split()]


def check_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(map(is_running, pids)):
        assert time.monotonic() < deadline, [pid for pid in pids if is_running(pid)]
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
