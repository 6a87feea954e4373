"""A study whose driver dies again and again, at anything that it does, with failures and losses between its lives.

Hypothesis chooses what happens to it. The driver is the real one; its trainer pretends, and its files are kept in
memory, so that a life takes a tenth of a second. Real processes are killed in `test_kills.py`.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from msgspec import structs
from replay import MemoryStorage

from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.results.codec import to_document
from nas.results.front import Front
from nas.results.measurement import Measurement, Outcome
from nas.results.observer import Observer
from nas.results.proposal import Proposal
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, ProfileResult
from nas.search.observers import Observers
from nas.search.problem.problem import Problem
from nas.search.samplers.catalog import SAMPLERS
from nas.search.scheduler.forecast import LEAST_TRIALS
from nas.search.scheduler.halving import LEAST_AGREEMENT, Standing, promotions
from nas.search.settings import FidelitySettings, StudySettings
from tests.toy_study import FakeExecutor, Stop, pretended, toy_problem

RUNGS, LONG = (100, 200, 400), 800
MOST_TRIALS = 9
MOST_EVENTS = 300
"""A life in which everything is new has about so many events, half of them before and half after something is done."""

Run = tuple[int, int, int]
"""The trial, the seed and the rung of a training."""


@cache
def problem() -> Problem:
    toy = toy_problem()
    return replace(toy, baselines={name: toy.baselines[name] for name in ("full", "longformer")})


@dataclass
class Fate:
    """Ends a life.

    Args:
        events: how many events it still has.
    """

    events: int = 10**9

    def event(self) -> None:
        self.events -= 1
        if self.events < 0:
            raise Stop


class Disk(MemoryStorage):
    """The files of a study, which outlast the lives of its driver."""

    def __init__(self) -> None:
        super().__init__()
        self.fate = Fate()
        self.records: dict[int, Trial] = {}
        self.front: Front | None = None

    def trials(self) -> tuple[Trial, ...]:
        return tuple(self.records[number] for number in sorted(self.records))

    def has_front(self) -> bool:
        return self.front is not None

    def write_proposal(self, number: int, proposal: Proposal) -> None:
        self.fate.event()
        super().write_proposal(number, proposal)
        self.fate.event()

    def write_measurement(self, number: int, measurement: Measurement) -> None:
        self.fate.event()
        super().write_measurement(number, measurement)
        self.fate.event()

    def write_trial(self, trial: Trial) -> None:
        self.fate.event()
        self.records[trial.number] = trial
        self.fate.event()

    def write_front(self, front: Front) -> None:
        self.fate.event()
        self.front = front
        self.fate.event()

    def runs(self) -> dict[Run, Measurement]:
        """Every training that is known."""
        return {(number, seed, rung): found for (number, seed, _, rung), found in self._measurements.items()}

    def lose(self, run: Run) -> None:
        """A file is deleted."""
        del self._measurements[run[0], run[1], "silent", run[2]]

    def forget_failures(self) -> None:
        """As `StudyFolder.forget_failures`."""
        for run, measurement in self.runs().items():
            if measurement.outcome in (Outcome.FAILED, Outcome.OUT_OF_MEMORY):
                self.lose(run)
                self.records.pop(run[0], None)


class Trainer(FakeExecutor):
    """Pretends to train; every job is an event, when it is given and when it ends."""

    def __init__(self, fate: Fate, shuffle: int, fails: int | None, outcome: Outcome) -> None:
        super().__init__(random.Random(shuffle), measure=self._measured)
        self._fate, self._fails, self._outcome = fate, fails, outcome

    def submit(self, job: Job | ProfileJob) -> None:
        self._fate.event()
        super().submit(job)
        self._fate.event()

    def next_result(self, on_progress: OnProgress) -> JobResult | ProfileResult:
        self._fate.event()
        result = super().next_result(on_progress)
        self._fate.event()
        return result

    def _measured(self, member: Member, task: str, rung: int) -> Measurement:
        failed = self._fails is not None and len(self.rungs) == self._fails + 1
        if failed and self._outcome is Outcome.FAILED:
            raise ZeroDivisionError("a defect")
        if failed:
            return Measurement.unfinished(member.seed, member.learning_rate, rung, self._outcome, "")
        if int(member.pattern.id, 16) % 5 == 0:  # always the same ones, however often they are tried
            return Measurement.unfinished(member.seed, member.learning_rate, rung, Outcome.DIVERGED, "")
        return structs.replace(pretended(member, task, rung), wall_seconds=1.0)


class Told(Observer):
    """Remembers of which trials it was told that they ended."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def trial_finished(self, trial: Trial) -> None:
        self.numbers.append(trial.number)


def checked_promotions(
    standings: Sequence[Standing],
    num_rungs: int,
    ratio: int,
    agreements: Mapping[int, float | None],
    *,
    more_to_come: bool = True,
) -> list[int]:
    """`promotions`, of which no rung may have let through more than its share."""
    found = promotions(standings, num_rungs, ratio, agreements, more_to_come=more_to_come)
    chosen = [one for one in standings if one.number in found]
    assert len(chosen) == len(found) == len(set(found)) and not any(one.busy for one in chosen)
    assert len({one.rung for one in chosen}) <= 1 and all(one.rung < num_rungs - 1 for one in chosen)
    for rung in {one.rung for one in chosen}:
        there = [one for one in standings if one.rung >= rung]
        through = len(found) + sum(one.rung > rung or one.busy for one in there)
        agreement = agreements.get(rung)
        if agreement is not None and agreement >= LEAST_AGREEMENT:
            assert through <= max(len(there) // ratio, LEAST_TRIALS if rung == 0 else 0)
    return found


def life(disk: Disk, trainer: Trainer, told: Told, num_trials: int, concurrency: Concurrency) -> bool:
    """Drive the study until it ends, or the life does; whether the study ended."""
    wanted = StudySettings(
        study="toy",
        num_trials=num_trials,
        sampler="random",
        confirm_seeds=1,
        training=TrainingSettings(num_steps=400, num_rungs=3),
        fidelity=FidelitySettings(num_patterns=2, times=2, num_seeds=1),
    )
    disk.forget_failures()
    make_sampler = SAMPLERS[wanted.sampler]
    try:
        with patch("nas.search.scheduler.scheduler.promotions", checked_promotions):
            Driver(wanted, problem(), make_sampler, disk, trainer, Observers((told,)), concurrency, None).run()
    except Stop:
        return False
    return True


@cache
def undisturbed(num_trials: int, concurrency: Concurrency) -> Disk:
    disk = Disk()
    assert life(disk, Trainer(disk.fate, 0, None, Outcome.FAILED), Told(), num_trials, concurrency)
    return disk


class Study(RuleBasedStateMachine):
    """One study and everything that happens to it."""

    @initialize(num_workers=st.integers(1, 3), cohort_size=st.sampled_from([1, 1, 3]))
    def begin(self, num_workers: int, cohort_size: int) -> None:
        self.disk, self.num_trials = Disk(), 4
        self.concurrency = Concurrency(num_workers=num_workers, cohort_size=cohort_size)

    @rule(events=st.integers(0, MOST_EVENTS), shuffle=st.integers(0, 9))
    def the_driver_dies(self, events: int, shuffle: int) -> None:
        self._live(Fate(events), shuffle)

    @rule(
        run=st.integers(0, 20),
        outcome=st.sampled_from([Outcome.FAILED, Outcome.OUT_OF_MEMORY]),
        events=st.integers(50, MOST_EVENTS),
    )
    def a_training_fails_and_the_driver_dies(self, run: int, outcome: Outcome, events: int) -> None:
        self._live(Fate(events), 0, run, outcome)

    @rule(data=st.data())
    def a_result_is_lost(self, data: st.DataObject) -> None:
        if known := sorted(self.disk.runs()):
            self.disk.lose(data.draw(st.sampled_from(known)))

    @rule(more=st.integers(1, 3))
    def more_trials_are_wanted(self, more: int) -> None:
        self.num_trials = min(MOST_TRIALS, self.num_trials + more)

    def teardown(self) -> None:
        assert self._live(Fate(), 1)
        same = undisturbed(self.num_trials, self.concurrency)
        assert to_document(self.disk.front) == to_document(same.front)
        assert self.disk.trials() == same.trials()

    def _live(self, fate: Fate, shuffle: int, fails: int | None = None, outcome: Outcome = Outcome.FAILED) -> bool:
        self.disk.fate = fate
        self.disk.forget_failures()
        before, records, ended = self.disk.runs(), dict(self.disk.records), self.disk.has_front()
        trainer, told = Trainer(fate, shuffle, fails, outcome), Told()
        done = life(self.disk, trainer, told, self.num_trials, self.concurrency)
        known = self.disk.runs()
        assert all(known[run] == measurement for run, measurement in before.items()), "a result was lost or changed"
        if self.concurrency.cohort_size == 1:  # a cohort is trained whole, or as one member after the other
            assert not before.keys() & set(trainer.rungs), "a known result was trained again"
            assert max(Counter(trainer.rungs).values(), default=0) <= 1, "a result was trained twice"
        seen = set(before)
        for number, seed, rung in trainer.rungs:
            below = [one for one in (*RUNGS, LONG) if one < rung]
            assert rung in (*RUNGS, LONG), "trained beyond its rung"
            assert not below or seed or (number, seed, below[-1]) in seen or rung == LONG, "a rung was left out"
            seen.add((number, seed, rung))
        final = {number for number, trial in records.items() if ended or trial.state is not TrialState.STOPPED}
        assert not final & set(told.numbers), "told again of a trial that had ended"
        assert max(Counter(told.numbers).values(), default=0) <= 1, "told twice"
        return done


@pytest.mark.slow
def test_whatever_happens_a_study_ends_as_if_it_had_not() -> None:
    chosen = settings(
        max_examples=30,
        stateful_step_count=6,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        print_blob=False,
    )
    run_state_machine_as_test(Study, settings=chosen)
