"""Studies on a Ray cluster whose workers, nodes and driver come and go, on one machine with pretended GPUs."""

import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from nas.errors import StudyError
from nas.search.concurrency import Concurrency
from nas.search.executor_settings import RaySettings
from nas.search.executors import ray_executor
from nas.search.executors.checkpoint_files import read_files
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, ProfileResult
from nas.search.executors.processes import ProcessExecutor, Work
from nas.search.executors.ray_executor import RayExecutor
from tests.pretended_worker import SETUP, a_job, measured, pretend, pretend_slowly
from tests.search.executors.conftest import node
from tests.search.executors.test_contract import check_gone
from tests.toy_study import FakeExecutor, StartStudy

pytestmark = pytest.mark.slow

LANES = Concurrency(num_workers=3, cohort_size=1)


def on(cluster: Cluster, folder: Path, num_lanes: int = 3, work: Work = pretend) -> RayExecutor:
    settings = RaySettings(address=cluster.address, gpus_per_job=0.5)
    return RayExecutor(SETUP, ["cpu"] * num_lanes, settings, 600.0, folder, work)


@dataclass
class Disturbed:
    """An executor in whose running something happens after each result."""

    executor: RayExecutor
    happens: Callable[[int], None]
    num_results: int = 0

    def submit(self, job: Job | ProfileJob) -> None:
        self.executor.submit(job)

    def next_result(self, on_progress: OnProgress) -> JobResult | ProfileResult:
        result = self.executor.next_result(on_progress)
        self.num_results += 1
        self.happens(self.num_results)
        return result

    def close(self) -> None:
        self.executor.close()


def lives(folder: Path) -> list[tuple[int, int]]:
    """The processes that have run jobs, each with the lane above it, oldest first."""
    files = sorted(folder.glob("trials/*/lives-*"), key=lambda path: path.stat().st_mtime)
    lines = [line.split() for path in files for line in path.read_text().splitlines()]
    return [(int(pid), int(lane)) for pid, lane in lines]


def test_a_front_is_the_same_whatever_becomes_of_the_cluster(
    cluster: Cluster, start: StartStudy, tmp_path: Path
) -> None:
    """A worker, a lane and a node are killed, and a node is added, while the search runs."""
    undisturbed = tmp_path / "undisturbed"
    start(undisturbed, FakeExecutor(measure=lambda member, _, rung: measured(member, rung)), concurrency=LANES)
    pool = tmp_path / "pool"
    with closing(ProcessExecutor(SETUP, ["cpu"] * 3, 1, 600.0, pretend)) as processes:
        start(pool, processes, concurrency=LANES)
    other = cluster.add_node(**node(num_gpus=1))
    folder = tmp_path / "disturbed"
    seen: list[int] = []

    def disturbed(event: int) -> None:
        """A worker and a lane that have just begun a job; a node with its lanes; and room for these again."""
        seen.extend(pid for pair in lives(folder) for pid in pair)
        match event:
            case 4 | 8:
                os.kill(lives(folder)[-1][event // 4 - 1], signal.SIGKILL)
            case 12:
                cluster.remove_node(other, allow_graceful=False)
            case 16:
                cluster.add_node(**node(num_gpus=1))

    with closing(Disturbed(on(cluster, folder, work=pretend_slowly), disturbed)) as executor:
        start(folder, executor, concurrency=LANES)
    assert executor.num_results > 20, "the search went on after all of it"
    assert any(len(path.read_text().splitlines()) > 1 for path in folder.glob("trials/*/lives-*")), "jobs ran again"
    fronts = [(path / "front.json").read_text().replace(path.name, "") for path in (undisturbed, pool, folder)]
    assert fronts[0] == fronts[1] == fronts[2]
    check_gone(seen)


def test_a_lane_that_is_lost_too_often_fails_its_job(cluster: Cluster, tmp_path: Path) -> None:
    with closing(on(cluster, tmp_path, num_lanes=1)) as executor:
        executor.submit(job := a_job(tmp_path, "kill lane"))
        result = executor.next_result(lambda *_: None)
    assert isinstance(result, JobResult) and result.job == job
    assert result.measurements[0].reason == "its worker was lost with its node, or killed, 5 times"


def test_checkpoints_travel_to_lanes_that_do_not_see_the_study(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_executor, "write_text", lambda path, text: None)
    job = a_job(tmp_path, "checkpoint", trials=(0, 1))
    with closing(on(cluster, tmp_path, num_lanes=1)) as executor:
        for step, content in ((1, b"1"), (2, b"12")):
            executor.submit(job)
            result = executor.next_result(lambda *_: None)
            assert result.job == job and not result.failure
            name = f"checkpoint-{step:09d}-0123456789abcdef.pt"
            assert [read_files(folder) for folder in job.folders] == [{name: content}] * 2
    assert not list(tmp_path.rglob("lives-*")), "the worker was elsewhere"


def test_what_a_lane_cannot_do_is_one_line(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as writing what it was sent: a full disk would be told the same way."""
    monkeypatch.setattr(ray_executor, "write_text", lambda path, text: None)
    monkeypatch.setattr(ray_executor, "read_files", lambda folder: {"strange.txt": b""})
    with closing(on(cluster, tmp_path, num_lanes=1)) as executor:
        executor.submit(a_job(tmp_path))
        with pytest.raises(StudyError, match=r"only checkpoints may be sent, got 'strange\.txt'\.$"):
            executor.next_result(lambda *_: None)


def test_a_cluster_without_room_is_said_so(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_executor, "START_SECONDS", 3.0)
    settings = RaySettings(address=cluster.address, cpus_per_job=64)
    with closing(RayExecutor(SETUP, ["cpu"], settings, 3.0, tmp_path, pretend)) as executor:
        executor.submit(a_job(tmp_path))
        with pytest.raises(StudyError, match=r"^executor: no worker has found a place on the cluster for 0\.05 min"):
            executor.next_result(lambda *_: None)


def test_a_node_with_another_nas_is_refused(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_executor, "version", lambda package: "9.9")
    with closing(on(cluster, tmp_path, num_lanes=1)) as executor:
        executor.submit(a_job(tmp_path))
        with pytest.raises(StudyError, match=r"^executor: every node must have the nas of the driver, 9\.9, got"):
            executor.next_result(lambda *_: None)
    assert not list(tmp_path.glob(".*.tmp")), "what the lanes were shown is removed"
