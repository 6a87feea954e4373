"""Real processes, really killed: a study ends as if nothing had happened."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nas.results.codec import to_document
from nas.results.trial import Trial
from nas.search.storage.study_folder import StudyFolder
from tests.nas_process import NasProcess, nothing
from tests.tiny_models import save_tiny_model, written_text

pytestmark = pytest.mark.slow

TINY = [
    "preset=smoke",
    "study=killed",
    "tracking=none",
    "num_trials=6",
    "task.num_tokens=32",
    "proxy.num_layers=1",
    "proxy.d_model=16",
    "proxy.num_heads=2",
    "training.num_steps=60",
    "training.num_rungs=3",
    "fidelity.num_patterns=2",
    "fidelity.times=2",
    "task.validation_sequences=16",
    "confirm_seeds=1",
    "device=cpu",
]


STARTED: list[NasProcess] = []


@pytest.fixture(autouse=True)
def none_left_behind() -> Iterator[None]:
    """A test that fails leaves no search running beside the next one."""
    yield
    while STARTED:
        STARTED.pop().close()


def start_search(
    runs: Path, *overrides: str, tiny: Sequence[str] = TINY, before: Callable[[], None] = nothing
) -> NasProcess:
    process = NasProcess(["search", *tiny, f"runs_folder={runs}", *overrides], before)
    STARTED.append(process)
    return process


def finish(process: NasProcess) -> None:
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()


def newest_change(runs: Path) -> float:
    return max((path.stat().st_mtime for path in runs.rglob("*.json")), default=0.0)


def kill_after_work(process: "NasProcess | subprocess.Popen[bytes]", runs: Path, delay_seconds: float) -> bool:
    """Kill -9 some moments after the process wrote its first file; False if it ended before."""
    started = newest_change(runs)
    deadline = time.monotonic() + 60
    while process.poll() is None and newest_change(runs) == started and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(delay_seconds)
    process.kill()  # SIGKILL; nothing if it has ended
    process.communicate()
    return process.returncode == -signal.SIGKILL


def without_times(trial: Trial) -> dict[str, object]:
    document: dict[str, Any] = to_document(trial)
    for measurement in document["measurements"]:
        del measurement["wall_seconds"]
    return document


def check_equal(killed: Path, whole: Path) -> None:
    assert (killed / "front.json").read_bytes() == (whole / "front.json").read_bytes()
    assert (killed / "front.csv").read_bytes() == (whole / "front.csv").read_bytes()
    both = [[without_times(trial) for trial in StudyFolder(path).trials()] for path in (killed, whole)]
    assert both[0] == both[1]


@pytest.mark.timeout(1800)
def test_a_study_killed_ten_times_comes_out_the_same(tmp_path: Path) -> None:
    finish(start_search(tmp_path / "whole", "workers=1"))
    moments = random.Random(7)
    kept: dict[Path, bytes] = {}
    kills = 0
    for _ in range(10):
        process = start_search(tmp_path / "runs", "workers=1")
        kills += kill_after_work(process, tmp_path / "runs", moments.uniform(0.0, 0.4))
        for path, content in kept.items():
            assert path.read_bytes() == content, f"{path} was trained again"
        results = (tmp_path / "runs" / "killed" / "trials").glob("*/seed-*.json")
        kept = {path: path.read_bytes() for path in results}
    assert kills >= 5, "most lives must end by the signal for this to show anything"
    finish(start_search(tmp_path / "runs", "workers=1"))
    for path, content in kept.items():
        assert path.read_bytes() == content, f"{path} was trained again"
    check_equal(tmp_path / "runs" / "killed", tmp_path / "whole" / "killed")


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the process table of Linux")
@pytest.mark.timeout(600)
def test_killed_workers_are_replaced_and_leave_with_their_driver(tmp_path: Path) -> None:
    finish(start_search(tmp_path / "whole", "workers=2"))
    process = start_search(tmp_path / "runs", "workers=2")
    trials = tmp_path / "runs" / "killed" / "trials"
    while not list(trials.glob("*/seed-*.json")) and process.poll() is None:
        time.sleep(0.02)
    workers = [child for child in children_of(process.pid) if is_training(child)]
    assert workers
    os.kill(workers[0], signal.SIGKILL)
    time.sleep(1.0)
    orphans = children_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    resumed = start_search(tmp_path / "runs", "workers=2")
    wait_until_gone(orphans)
    finish(resumed)
    check_equal(tmp_path / "runs" / "killed", tmp_path / "whole" / "killed")


def wait_until_gone(orphans: list[int]) -> None:
    """Fails if they still run after ten seconds: a job that they would finish first takes longer."""
    deadline = time.monotonic() + 10
    while still := [orphan for orphan in orphans if is_running(orphan)]:
        assert time.monotonic() < deadline, f"{len(still)} of {len(orphans)} workers outlived their driver"
        time.sleep(0.05)


FROZEN = [
    "evaluation=checkpoint",
    "space=streaming",
    "num_trials=2",
    "study=killed",
    "tracking=none",
    "device=cpu",
    "workers=2",
    "sampler=random",
    "task.num_tokens=256",
    "task.validation_share=0.5",
    "task.validation_sequences=8",
    "evaluation.needle_depths=[0.5]",
]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the process table of Linux")
@pytest.mark.timeout(900)
def test_workers_that_score_a_checkpoint_leave_with_their_driver(tmp_path: Path) -> None:
    """They report nothing that fails for as long as a whole evaluation takes; the study is resumed at once."""
    own = [*FROZEN, f"checkpoint={save_tiny_model(tmp_path / 'model')}", f"task.path={written_text(tmp_path)}"]
    sequences = "evaluation.needle_sequences=10000"
    process = start_search(tmp_path / "runs", sequences, tiny=own)
    trials = tmp_path / "runs" / "killed" / "trials"
    while len(list(trials.glob("*/seed-*-text-*.json"))) < 2 and process.poll() is None:
        time.sleep(0.02)
    time.sleep(1.0)  # the text is scored first, in no time; the needles take far longer
    orphans = [child for child in children_of(process.pid) if is_training(child)]
    assert len(orphans) == 2 and not list(trials.glob("*/seed-*-needle-*.json")), "it must be in the midst of scoring"
    os.kill(process.pid, signal.SIGKILL)
    resumed = start_search(tmp_path / "runs", sequences, tiny=own)
    wait_until_gone(orphans)
    resumed.kill()


@pytest.mark.timeout(900)
def test_a_text_that_changes_before_a_worker_is_replaced_stops_the_study(tmp_path: Path) -> None:
    text = written_text(tmp_path)
    words = [f"task.path={text}", "task.validation_share=0.2", "workers=2", "training.num_steps=3000"]
    process = start_search(tmp_path / "runs", *words)
    trials = tmp_path / "runs" / "killed" / "trials"
    while not list(trials.glob("*/checkpoint-*.pt")) and process.poll() is None:
        time.sleep(0.02)
    text.write_text(text.read_text().replace("fox", "cat"))
    os.kill(next(child for child in children_of(process.pid) if is_training(child)), signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode == 2, errors.decode()
    assert errors.decode().startswith("nas: error: study: task text changed while the study was running")
    assert errors.decode().count("\n") == 1


def is_training(pid: int) -> bool:
    return "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("delay_seconds", [0.0, 1.0, 4.0])
def test_an_interrupt_says_how_to_go_on(tmp_path: Path, delay_seconds: float) -> None:
    """Also while the workers are still importing."""
    process = start_search(tmp_path / "runs", "workers=2", "training.num_steps=2000")
    lock = tmp_path / "runs" / "killed" / "lock"
    while not lock.exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(delay_seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.decode().startswith("nas: interrupted.") and "the same command resumes from there" in errors.decode()


TWO_TASKS = [
    "task=recall",
    "extra_tasks=[{name: copying, num_tokens: 64, validation_sequences: 16}]",
    "task_quality=mean_rank",
    "training.test_lengths=[2]",
    "objectives=[quality,quality_2x,flops]",
    "space=longformer",
    "num_trials=2",
    "training.num_steps=12",
    "workers=2",
]


@pytest.mark.timeout(600)
def test_a_study_over_two_tasks_killed_twice_comes_out_the_same(tmp_path: Path) -> None:
    finish(start_search(tmp_path / "whole", *TWO_TASKS))
    moments = random.Random(3)
    kills = 0
    for _ in range(2):
        process = start_search(tmp_path / "runs", *TWO_TASKS)
        kills += kill_after_work(process, tmp_path / "runs", moments.uniform(0.0, 0.4))
    assert kills
    finish(start_search(tmp_path / "runs", *TWO_TASKS))
    check_equal(tmp_path / "runs" / "killed", tmp_path / "whole" / "killed")
    scores = [score.name for score in StudyFolder(tmp_path / "whole" / "killed").front().scores]
    assert scores == ["quality_recall", "quality_copying", "quality_recall_2x", "quality_copying_2x"]


@pytest.mark.timeout(900)
def test_a_study_begun_on_ray_and_killed_comes_out_as_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, light_ray: None
) -> None:
    (tmp_path / "token").write_text("0123456789abcdef" * 4)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    few = ["num_trials=2", "fidelity.num_patterns=0"]
    finish(start_search(tmp_path / "whole", "workers=2", *few))
    on_ray = ["executor=ray", "workers=2", *few]
    assert kill_after_work(start_search(tmp_path / "runs", *on_ray), tmp_path / "runs", 0.5)
    assert not (tmp_path / "runs" / "killed" / "front.json").exists()
    finish(start_search(tmp_path / "runs", *on_ray))
    check_equal(tmp_path / "runs" / "killed", tmp_path / "whole" / "killed")
