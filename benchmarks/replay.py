"""Studies replayed on a table: what would be trained is looked up."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from nas.costs.counting import count_cost
from nas.costs.target import Target
from nas.errors import PatternError
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import branch_start
from nas.results.decision import Decision
from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.results.profile import Profile
from nas.results.proposal import Proposal
from nas.results.table import TableRow
from nas.results.trial import Trial
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob
from nas.space.space import Shape, Space, Suggester

FeaturesOf = Callable[[Sequence[ModelPattern]], NDArray[np.float64]]


class ReplayExecutor:
    """Trains nothing: every job ends at once with what the table says, and what it would have cost is added up.

    Args:
        rows: of the table; sweeps are passed over.
        seeds: the table's seed that stands for each seed of the study.
        training: of the table; decides how long trunks and branches are.
        proxy: the model that is trained, for its FLOPs.
    """

    def __init__(
        self, rows: Iterable[TableRow], seeds: Mapping[int, int], training: TrainingSettings, proxy: Target
    ) -> None:
        self._measured = {(row.pattern_id, row.seed, row.step): row for row in rows if not row.sweep}
        self._seeds, self._training, self._proxy = dict(seeds), training, proxy
        self._queue: deque[Job] = deque()
        self._trunks: dict[tuple[str, int], int] = {}
        self.train_flops = 0
        """Training FLOPs that all jobs so far would have taken."""
        self.steps: Counter[tuple[int, int, int]] = Counter()
        """Optimiser steps that they would have taken, by trial, seed and rung."""
        self.steps_in_turn = 0
        """The same where all members of a cohort take a step at once."""

    def submit(self, job: Job | ProfileJob) -> None:
        """Queue a job."""
        assert isinstance(job, Job), "a table has no profiles"
        self._queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult:
        """Look up the oldest job."""
        job = self._queue.popleft()
        before = self.steps.copy()
        measurements = [
            self._look_up(trial, member, job) for trial, member in zip(job.trials, job.members, strict=True)
        ]
        self.steps_in_turn += max((self.steps - before).values())
        return JobResult(job, job.signed(measurements))

    def close(self) -> None:
        """Nothing runs."""

    def known(self, pattern: ModelPattern, seed: int, rung: int) -> Measurement:
        """What the table says of a pattern.

        Args:
            pattern: any that it has.
            seed: of the table.
            rung: in optimiser steps.
        """
        return self._measured[pattern.id, seed, rung].measurement

    def of_table(self, trial: int, seed: int) -> int:
        """The table's seed that stands for a trial's."""
        return self._seeds[seed]

    def _look_up(self, trial: int, member: Member, job: Job) -> Measurement:
        known = self.known(member.pattern, self.of_table(trial, job.seed), job.rung)
        steps = job.rung - self._trunks.get((member.pattern.id, job.seed), 0)
        self.train_flops += count_cost(member.pattern, self._proxy).train_flops * self._training.batch_size * steps
        self.steps[trial, job.seed, job.rung] += steps
        self._trunks[member.pattern.id, job.seed] = branch_start(job.rung, self._training)
        return replace(known, seed=job.seed, learning_rate=member.learning_rate)


class KnownPatterns:
    """A space without the patterns that a table does not have yet; passes `nas.space.space.Space`.

    Args:
        space: what the table is of.
        known: ids of the patterns that it has.
    """

    def __init__(self, space: Space, known: frozenset[str]) -> None:
        self._space, self._known = space, known

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the space.

        Raises:
            PatternError: the table does not have it.
        """
        pattern = self._space.sample(suggest, shape)
        if pattern.id not in self._known:
            raise PatternError("pattern", "must stand in the table", pattern.id)
        return pattern


class MemoryDecisions:
    """Decisions kept in memory."""

    def __init__(self) -> None:
        self._kept: list[Decision] = []

    def read(self) -> list[Decision]:
        """Every decision that was kept."""
        return list(self._kept)

    def add(self, decision: Decision) -> None:
        """Keep one more decision."""
        self._kept.append(decision)

    def replace(self, decisions: Sequence[Decision]) -> None:
        """Keep these decisions, and no others."""
        self._kept[:] = decisions


class NearestPattern:
    """A space whose patterns all stand for the nearest one that a table has; passes `nas.space.space.Space`.

    So a search of a table of patterns that were drawn from a space has the whole space to propose from, whichever
    sampler it is by, and none of its trials is lost.

    Args:
        space: what the table is of.
        known: the patterns that it has, two or more.
        features_of: patterns as features, shape (patterns, f).
    """

    def __init__(self, space: Space, known: Sequence[ModelPattern], features_of: FeaturesOf) -> None:
        self._space, self._known, self._features_of = space, tuple(known), features_of
        self._nearest = {pattern.id: pattern for pattern in known}
        features = features_of(known)
        self._scale = np.where((spread := features.std(axis=0)) > 0, spread, 1.0)
        self._features = features / self._scale

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """The known pattern that is nearest to one of the space, by standardised features."""
        pattern = self._space.sample(suggest, shape)
        if pattern.id not in self._nearest:
            away = self._features - self._features_of([pattern]) / self._scale
            self._nearest[pattern.id] = self._known[int((away**2).sum(axis=1).argmin())]
        return self._nearest[pattern.id]


class MemoryStorage:
    """A study kept in memory: a replay takes seconds, and files would take most of them."""

    path = Path("replay")

    def __init__(self) -> None:
        self.decisions = MemoryDecisions()
        self._proposals: dict[int, Proposal] = {}
        self._measurements: dict[tuple[int, int, str, int], Measurement] = {}

    def trial_path(self, number: int) -> Path:
        """Nothing lies there."""
        return self.path / f"{number:05d}"

    def has_front(self) -> bool:
        """Every replay is new."""
        return False

    def trials(self) -> tuple[Trial, ...]:
        """Every replay is new."""
        return ()

    def read_proposal(self, number: int) -> Proposal | None:
        """What was proposed for a trial."""
        return self._proposals.get(number)

    def write_proposal(self, number: int, proposal: Proposal) -> None:
        """Keep what was proposed."""
        self._proposals[number] = proposal

    def read_profile(self, number: int) -> Profile | None:
        """A table has none."""

    def write_profile(self, number: int, profile: Profile) -> None:
        """A table has none."""

    def read_measurement(self, number: int, seed: int, task: str, step: int) -> Measurement | None:
        """What one training run showed at a rung."""
        return self._measurements.get((number, seed, task, step))

    def write_measurement(self, number: int, measurement: Measurement) -> None:
        """Keep what one training run showed."""
        self._measurements[number, measurement.seed, measurement.task, measurement.step] = measurement

    def write_failure(self, number: int, text: str) -> None:
        """A table has no failures."""

    def write_trial(self, trial: Trial) -> None:
        """The driver keeps trials itself."""

    def write_front(self, front: Front) -> None:
        """The driver returns the front."""

    def forget_checkpoints(self) -> None:
        """There are none."""
