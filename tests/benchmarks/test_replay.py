"""Studies replayed on a table: what is looked up, what it would have cost, and where it is kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from replay import KnownPatterns, MemoryStorage, NearestPattern, ReplayExecutor
from search_methods.settings import study_settings

from nas.costs.counting import count_cost
from nas.errors import PatternError
from nas.ground_truth.file import Table, read_table
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.results.codec import to_document
from nas.results.front import Front
from nas.results.lock import locked
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.executors.jobs import Job
from nas.search.observers import Observers
from nas.search.problem.problem import make_problem
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import FidelitySettings, StudySettings
from nas.search.storage.protocol import StudyStorage
from nas.search.storage.study_folder import StudyFolder
from nas.space.random_suggester import RandomSuggester
from tests.tiny_table import pretend_table, tiny_settings
from tests.toy_study import FakeExecutor, toy_problem

DRAWN = Path(__file__).parents[2] / "tables" / "ladder" / "M-drawn.jsonl"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    path = tmp_path_factory.mktemp("table") / "tiny.jsonl"
    pretend_table(path)
    return read_table(path)


def job(pattern: ModelPattern, seed: int, rung: int) -> Job:
    member = Member(pattern=pattern, seed=seed, learning_rate=0.5)
    where = Path("3")
    return Job(trials=(3,), folders=(where,), members=(member,), task="mine", rung=rung, seed=seed, conditions="0123")


def test_a_job_ends_with_the_row_of_the_table_and_pays_for_every_step_once(table: Table) -> None:
    target = table.proxy.target(table.task.num_tokens, table.task.vocab_size)
    executor = ReplayExecutor(table.rows, {7: 1}, table.training, target)
    pattern = table.plan.entries[0].pattern
    measured = []
    for rung in (4, 8):
        executor.submit(job(pattern, 7, rung))
        (measurement,) = executor.next_result(lambda *_: None).measurements
        measured.append(measurement)
    known = {row.step: row for row in table.rows if not row.sweep and (row.pattern_id, row.seed) == (pattern.id, 1)}
    assert [one.quality for one in measured] == [known[4].quality, known[8].quality]
    assert {(one.seed, one.task) for one in measured} == {(7, "mine")}
    # Batches of 4: 4 steps to the first rung, and 5 from step 3, where its branch began, to the second.
    assert executor.train_flops == count_cost(pattern, target).train_flops * 4 * (4 + 5)
    assert executor.steps == {(3, 7, 4): 4, (3, 7, 8): 5}


def test_a_cohort_takes_its_steps_at_once(table: Table) -> None:
    target = table.proxy.target(table.task.num_tokens, table.task.vocab_size)
    executor = ReplayExecutor(table.rows, {7: 1}, table.training, target)
    first, second = (job(entry.pattern, 7, 4) for entry in table.plan.entries[:2])
    both = replace(first, trials=(3, 5), folders=first.folders * 2, members=first.members + second.members)
    executor.submit(both)
    executor.next_result(lambda *_: None)
    assert executor.steps == {(3, 7, 4): 4, (5, 7, 4): 4} and executor.steps_in_turn == 4


def test_patterns_that_the_table_does_not_have_are_refused(table: Table) -> None:
    problem = make_problem(tiny_settings())
    ids = frozenset(entry.pattern.id for entry in table.plan.entries)
    pattern = KnownPatterns(problem.space, ids).sample(RandomSuggester(0), problem.shape)
    with pytest.raises(PatternError, match=rf"^pattern: must stand in the table, got '{pattern.id}'"):
        KnownPatterns(problem.space, ids - {pattern.id}).sample(RandomSuggester(0), problem.shape)


def run_toy(storage: StudyStorage) -> Front:
    fidelity = FidelitySettings(num_patterns=2, times=2, num_seeds=1)
    settings = StudySettings(study="toy", num_trials=6, fidelity=fidelity)
    make_sampler, concurrency = SAMPLERS["random"], Concurrency(num_workers=2, cohort_size=2)
    observers = Observers(())
    return Driver(settings, toy_problem(), make_sampler, storage, FakeExecutor(), observers, concurrency).run()


def test_a_study_kept_in_memory_ends_in_the_front_of_one_in_a_folder(tmp_path: Path) -> None:
    with locked(tmp_path / "toy"):
        in_folder = run_toy(StudyFolder(tmp_path / "toy"))
    assert to_document(run_toy(MemoryStorage())) == to_document(in_folder)


def test_a_drawn_table_can_be_searched_with_the_whole_space() -> None:
    table = read_table(DRAWN)
    problem = make_problem(study_settings(table, num_rungs=1))
    known = [entry.pattern for entry in table.plan.entries]
    space = NearestPattern(problem.space, known, problem.features)
    spread = problem.features(known).std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    own, found = 0, set()
    for seed in range(60):
        asked = problem.space.sample(RandomSuggester(seed), problem.shape)
        given = space.sample(RandomSuggester(seed), problem.shape)
        away = (((problem.features(known) - problem.features([asked])) / scale) ** 2).sum(axis=1)
        assert away[known.index(given)] == away.min()
        own += given == asked
        found.add(given.id)
    assert 0 < own < 60 and len(found) > 15
