"""A table is the same however often its build was stopped, and every run is trained once."""

import json
import os
import random
import signal
import time
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from nas.config.load import load_settings
from nas.costs.target import Target
from nas.errors import InputError, StudyError
from nas.ground_truth.build import build_table
from nas.ground_truth.file import read_table
from nas.ground_truth.row_store import Progress
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.results.measurement import Measurement, Outcome
from nas.search.executors.jobs import Job
from nas.tasks.synthetic.copying import CopyingSettings
from tests.nas_process import NasProcess
from tests.tiny_table import NUM_ROWS, RATES, Build, FakeExecutor, pretended, tiny_settings, without_times


def test_sweeps_come_first_and_the_best_rate_of_a_band_is_taken(build: Build, executor: FakeExecutor) -> None:
    table = build()
    assert [row.sweep for row in table.rows] == [True] * 8 + [False] * 16
    bands = {entry.pattern.id: entry.band for entry in table.plan.entries}
    chosen = {(bands[row.pattern_id], row.learning_rate) for row in table.rows if not row.sweep}
    assert chosen == {(0, 1e-2), (1, 1e-3), (2, 1e-3)}
    assert {row.step for row in table.rows if row.sweep} == {table.plan.sweep_rung}


def test_every_pattern_and_seed_has_every_rung(build: Build, executor: FakeExecutor) -> None:
    table = build(workers=3)
    trained = Counter((row.pattern_id, row.seed, row.step) for row in table.rows if not row.sweep)
    ids = [entry.pattern.id for entry in table.plan.entries]
    assert trained == Counter((pattern, seed, rung) for pattern in ids for seed in (0, 1) for rung in (4, 8))
    assert len(table.rows) == NUM_ROWS == table.plan.num_rows


def test_the_first_seed_of_all_comes_before_the_second(build: Build, executor: FakeExecutor) -> None:
    seeds = [row.seed for row in build(workers=2).rows if not row.sweep]
    assert seeds == sorted(seeds)


def test_a_walk_resumes_from_its_own_folder(build: Build, executor: FakeExecutor) -> None:
    build()
    folders: dict[Any, set[Any]] = {}
    for job in executor.done:
        for member, folder in zip(job.members, job.folders, strict=True):
            folders.setdefault((member, job.seed, job.rung if len(folders) < 8 else "both"), set()).add(folder)
    assert all(len(own) == 1 for own in folders.values())
    assert len({folder for own in folders.values() for folder in own}) == 8 + 4 * 2


@pytest.mark.parametrize("changes", [{"cohort_size": 3}, {"workers": 3}, {"cohort_size": 16, "workers": 2}], ids=str)
def test_cohorts_and_workers_give_the_same_rows(build: Build, executor: FakeExecutor, changes: Any) -> None:
    executor.shuffle = random.Random(4)
    assert without_times(build(name="other.jsonl", **changes)) == without_times(build())


@pytest.mark.parametrize("stop_after", range(0, NUM_ROWS, 3))
def test_a_build_that_was_stopped_resumes(build: Build, executor: FakeExecutor, stop_after: int) -> None:
    stopped = build(stop_after=stop_after, workers=2, cohort_size=2)
    assert len(stopped.rows) == stop_after + 1
    again = build(workers=1, cohort_size=3)
    assert again.rows[: len(stopped.rows)] == stopped.rows
    assert without_times(again) == without_times(build(name="whole.jsonl"))
    assert len(again.sessions) == 2


def test_a_whole_table_starts_no_workers_and_stays_as_it_is(
    build: Build, executor: FakeExecutor, tmp_path: Path
) -> None:
    build()
    before = (tmp_path / "tiny.jsonl").read_bytes()
    build()
    assert (tmp_path / "tiny.jsonl").read_bytes() == before
    assert executor.closed == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.jsonl"]


def test_a_table_grows_by_seeds(build: Build, executor: FakeExecutor) -> None:
    before = build()
    grown = build(seeds=3)
    assert grown.plan.seeds == (0, 1, 2)
    assert grown.rows[:NUM_ROWS] == before.rows
    assert {row.seed for row in grown.rows[NUM_ROWS:]} == {2}
    assert len(grown.rows) == grown.plan.num_rows == NUM_ROWS + 8
    with pytest.raises(StudyError, match=r"seeds: was \[0, 1, 2\], now \[0, 1\]"):
        build(seeds=2)


def test_progress_counts_rows_and_steps(tmp_path: Path, executor: FakeExecutor) -> None:
    seen: list[Progress] = []
    build_table(tiny_settings(), 2, RATES, tmp_path / "tiny.jsonl", seen.append)
    assert seen[0].row is None and [progress.num_rows for progress in seen] == list(range(NUM_ROWS + 1))
    assert seen[-1].steps == seen[-1].total_steps
    # A sweep takes 4 steps; a walk 4 to the first rung, and from where its branch began, step 3, on to the second.
    assert seen[-1].total_steps == 8 * 4 + 8 * (4 + 5)
    build_table(tiny_settings(), 2, RATES, tmp_path / "tiny.jsonl", seen.append)
    assert (seen[-1].row, seen[-1].num_rows, seen[-1].steps) == (None, NUM_ROWS, seen[-1].total_steps)


def test_what_diverged_is_a_row_and_its_rate_is_not_taken(build: Build, executor: FakeExecutor) -> None:
    def measure(member: Member, job: Job) -> Measurement:
        measured = pretended(member, job)
        if member.learning_rate == 1e-3:
            return measured
        return replace(measured, outcome=Outcome.DIVERGED, quality=None, train_loss=None)

    executor.measure = measure
    table = build()
    assert {row.learning_rate for row in table.rows if not row.sweep} == {1e-3}
    assert sum(row.outcome is Outcome.DIVERGED for row in table.rows) == 4


class TestOutOfMemory:
    @pytest.fixture
    def unlucky(self, executor: FakeExecutor) -> set[Any]:
        """(rung, seed) pairs at which members of the widest pattern run out of memory."""
        unlucky: set[Any] = set()

        def measure(member: Member, job: Job) -> Measurement:
            measured = pretended(member, job)
            wide = len(member.pattern.layers[0].heads[0].attend) == 2
            if not wide or (job.rung, job.seed) not in unlucky:
                return measured
            return replace(measured, outcome=Outcome.OUT_OF_MEMORY, quality=None, train_loss=None)

        executor.measure = measure
        return unlucky

    @pytest.mark.parametrize("cohort_size", [1, 4])
    def test_all_others_are_trained_and_it_is_tried_again(
        self, build: Build, executor: FakeExecutor, unlucky: set[Any], tmp_path: Path, cohort_size: int
    ) -> None:
        unlucky |= {(8, 0), (4, 1)}
        with pytest.raises(
            StudyError, match=r"tiny\.jsonl: 4 training runs failed, the last because: out of memory; all others are"
        ):
            build(cohort_size=cohort_size)
        kept = read_table(tmp_path / "tiny.jsonl")
        assert len(kept.rows) == NUM_ROWS - 2 - 4
        unlucky.clear()
        whole = build(cohort_size=cohort_size)
        assert whole.rows[: len(kept.rows)] == kept.rows and len(whole.rows) == NUM_ROWS

    def test_rates_are_not_chosen_without_it(self, build: Build, executor: FakeExecutor, unlucky: set[Any]) -> None:
        unlucky.add((4, 0))
        with pytest.raises(StudyError, match="learning rates cannot be chosen"):
            build()
        assert {job.rung for job in executor.done} == {4} and len(executor.done) == 8


class TestRefused:
    """Before anything is trained or written."""

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"extra_tasks": [CopyingSettings()]}, "^extra_tasks: must be empty: a table holds one task"),
            (
                {"target": Target(name="big", num_tokens=16, num_layers=1, num_heads=2, num_kv_heads=2, d_model=8,
                                  d_head=4, d_mlp=16)},
                "^target: must be proxy",
            ),
            ({"seeds": 0}, "^seeds: must be from 1 to 1000, got 0"),
            ({"rates": []}, "^learning rates: must be one or more different numbers above 0"),
            ({"rates": [1e-3, 1e-3]}, "^learning rates: must be one or more different numbers above 0"),
            ({"rates": [-1.0]}, "^learning rates: must be one or more different numbers above 0"),
        ],
        ids=["tasks", "target", "seeds", "no rates", "same rates", "negative rate"],
    )  # fmt: skip
    def test_what_a_table_cannot_be(
        self, build: Build, executor: FakeExecutor, tmp_path: Path, changes: Any, said: str
    ) -> None:
        with pytest.raises(InputError, match=said):
            build(**changes)
        assert (executor.done, list(tmp_path.iterdir())) == ([], [])

    def test_another_table(self, build: Build, executor: FakeExecutor, tmp_path: Path) -> None:
        build(stop_after=3)
        before = (tmp_path / "tiny.jsonl").read_bytes()
        longer = TrainingSettings(num_steps=16, num_rungs=2, batch_size=4, warmup_steps=2)
        with pytest.raises(
            StudyError, match=r"tiny\.jsonl: holds .*settings\.training\.num_steps: was 8, now 16; rungs: was"
        ):
            build(training=longer)
        assert (tmp_path / "tiny.jsonl").read_bytes() == before
        assert len(executor.done) == 4

    def test_a_table_that_is_being_built(self, build: Build, executor: FakeExecutor, tmp_path: Path) -> None:
        refusals: list[str] = []

        def measure(member: Member, job: Job) -> Measurement:
            with pytest.raises(StudyError) as caught:
                build_table(tiny_settings(), 2, RATES, tmp_path / "tiny.jsonl")
            refusals.append(str(caught.value))
            return pretended(member, job)

        executor.measure = measure
        assert len(build().rows) == NUM_ROWS
        assert len(refusals) == NUM_ROWS and "is being built by another process" in refusals[0]


@pytest.mark.slow
class TestForReal:
    """Trained, stopped and killed."""

    def test_progress_goes_on_between_rows(self, tmp_path: Path) -> None:
        seen: list[Progress] = []
        build_table(tiny_settings(workers=2), 1, (1e-3,), tmp_path / "tiny.jsonl", seen.append)
        steps = [progress.steps for progress in seen]
        assert steps == sorted(steps) and steps[-1] == seen[-1].total_steps
        assert any(one.num_rows == other.num_rows and one.steps < other.steps for one, other in pairwise(seen))

    def test_stopped_in_the_middle_of_walks_it_comes_out_the_same(self, build: Build, tmp_path: Path) -> None:
        whole = build(name="whole.jsonl")
        for stop_after in (2, 5, 4):
            build(stop_after=stop_after)
            assert list((tmp_path / "tiny.jsonl.checkpoints").iterdir())
        again = build()
        assert without_times(again) == without_times(whole)
        assert not (tmp_path / "tiny.jsonl.checkpoints").exists()

    def test_a_torn_last_line_is_trained_again(self, build: Build, tmp_path: Path) -> None:
        whole = build(name="whole.jsonl")
        build(stop_after=13)
        path = tmp_path / "tiny.jsonl"
        path.write_bytes(path.read_bytes()[:-20])
        assert len(read_table(path).rows) == 13
        assert without_times(build()) == without_times(whole)

    def test_a_rung_is_what_a_run_of_that_length_gives(self, build: Build) -> None:
        """The sweep trains to the same rung from the start."""
        rows = build().rows
        swept = {row.key[:4]: row.quality for row in rows if row.sweep}
        both = [row for row in rows if not row.sweep and row.key[:4] in swept]
        assert len(both) == 4
        assert all(row.quality == swept[row.key[:4]] for row in both)

    @pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="pins processes to a core")
    @pytest.mark.timeout(1200)
    def test_killed_by_the_system_it_comes_out_the_same(self, tmp_path: Path) -> None:
        (settings,) = load_settings(["preset=table", *TINY])
        build_table(settings, 1, [1e-2], tmp_path / "whole.jsonl")
        whole = read_table(tmp_path / "whole.jsonl")
        path, moments, kills = tmp_path / "killed.jsonl", random.Random(3), 0
        kept: list[str] = []
        for _ in range(2):
            kills += kill_after_work(start_building(path), path, moments.uniform(0.0, 0.5))
            lines = path.read_text(encoding="utf-8").split("\n")[:-1]
            assert lines[: len(kept)] == kept, "what was written has changed"
            kept = lines
        assert kills, "a life must end by the signal for this to show anything"
        finish(start_building(path))
        assert path.read_text(encoding="utf-8").split("\n")[: len(kept)] == kept
        assert without_times(read_table(path)) == without_times(whole)
        assert not path.with_name("killed.jsonl.checkpoints").exists()


TINY = [
    "task=recall",
    "task.num_tokens=16",
    "task.vocab_size=16",
    "task.num_pairs=2",
    "task.validation_sequences=16",
    "space=streaming",
    "space.options.num_sinks=[0,1]",
    "space.options.window_tokens=[2,4]",
    "proxy.num_layers=1",
    "proxy.num_heads=2",
    "proxy.d_model=8",
    "training.num_steps=200",  # so that a life lasts longer than the wait before the signal
    "training.num_rungs=2",
    "device=cpu",
    "workers=1",  # one process: starting is most of the time
]


def start_building(path: Path) -> NasProcess:
    return NasProcess(["table", "build", str(path), *TINY, "--seeds", "1", "--learning-rates", "1e-2"], on_one_core)


def on_one_core() -> None:
    """So with one thread: only then are results promised to be bit-identical."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def finish(process: NasProcess) -> None:
    with closing(process):
        _, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors.decode()


def kill_after_work(process: NasProcess, path: Path, delay_seconds: float) -> bool:
    """Kill -9 some moments after a row was written; False if the table was whole before."""
    size = path.stat().st_size if path.exists() else 0
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        # The first line alone is no work.
        if path.exists() and path.stat().st_size > max(size, len(path.read_bytes().split(b"\n")[0]) + 1):
            break
        time.sleep(0.02)
    time.sleep(delay_seconds)
    with closing(process):
        process.kill()  # SIGKILL; nothing if it has ended
        process.communicate()
        return process.returncode == -signal.SIGKILL


def test_the_tiny_table_of_the_command_line_is_read(build: Build, executor: FakeExecutor, tmp_path: Path) -> None:
    build()
    header = json.loads((tmp_path / "tiny.jsonl").read_text(encoding="utf-8").split("\n")[0])
    assert header["schema"] == "nas.table/1" and len(header["patterns"]) == 4
