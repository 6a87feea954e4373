"""A study without training: quality is a function of the pattern and the seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from nas.costs.counting import count_cost
from nas.costs.target import proxy_target
from nas.errors import first_line, last_lines
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.results.front import Front
from nas.results.measurement import LengthQuality, Measurement, Outcome
from nas.results.profile import Profile
from nas.results.proposal import Proposal, Suggestion
from nas.results.trial import Trial
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, ProfileResult
from nas.search.problem.backbone import Backbone
from nas.search.problem.problem import Problem
from nas.search.scoring.objectives import make_objectives
from nas.search.scoring.scores import make_scores
from nas.search.settings import ConstraintSettings
from nas.search.trial_store import TrialStore
from nas.space.baselines import baselines_for
from nas.space.load import load_space
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape
from nas.tasks.task import NO_PARTS, Batch, Metric, Readout


class SilentTask:
    """A task that is only asked what it is."""

    name = "silent"
    num_tokens = 64
    vocab_size = 16
    causal = True
    grid: tuple[int, int] | None = None
    readout: Readout = "each"
    metric = Metric("bits per byte", "bits per byte", "minimize")
    fingerprint = "00"
    corpus_fingerprint: str | None = "11"
    chance = 4.0
    parts = NO_PARTS

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        raise AssertionError("nothing is trained here")

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        raise AssertionError("nothing is trained here")

    def quality(self, loss: float, accuracy: float) -> float:
        return loss

    def longer(self, times: int) -> "SilentTask | None":
        return self


NAMES = ["quality", "flops", "kv_cache_bytes"]
SHAPE = Shape(num_layers=2, num_heads=4, num_tokens=64, causal=True)


def toy_problem() -> Problem:
    """The shipped hybrid space on the silent task."""
    tasks = {"silent": SilentTask()}
    target = proxy_target(num_layers=2, num_heads=4, d_model=64, mlp_ratio=4, num_tokens=64, vocab_size=16)
    space = load_space("search_spaces.hybrid:Hybrid", {})
    baselines = baselines_for(space, SHAPE)
    scores = make_scores(tasks, [])
    return Problem(
        backbone=Backbone(tasks=tasks, shape=SHAPE, num_heads=4, target=target, check_fit=lambda pattern: None),
        space=space,
        target=target,
        full_cost=count_cost(baselines["full"], target),
        scores=scores,
        objectives=make_objectives(NAMES, scores),
        baselines=baselines,
    )


class NarrowTask(SilentTask):
    """A task that narrow patterns learn best; more is better."""

    name = "narrow"
    metric = Metric("accuracy", "share", "maximize")
    fingerprint = "22"
    corpus_fingerprint = None
    chance = 0.0


def over_two(problem: Problem, how: Any, *more: str) -> Problem:
    """The same problem on the silent and the narrow task."""
    tasks = {"silent": SilentTask(), "narrow": NarrowTask()}
    scores = make_scores(tasks, [2])
    return replace(
        problem,
        backbone=replace(problem.backbone, tasks=tasks),
        scores=scores,
        objectives=make_objectives([*NAMES, *more], scores, how),
    )


@cache
def density(pattern: ModelPattern) -> float:
    """The share of pairs that are seen, summed over layers."""
    return sum(float(pattern.mask(layer, 64).mean()) for layer in range(pattern.num_layers))


def pretended(member: Member, task: str, rung: int) -> Measurement:
    """The numbers of both tasks fall with the pairs a pattern sees and with training; a little noise from the seed."""
    noise = random.Random(f"{member.pattern.id}{member.seed}{'' if task == 'silent' else task}").gauss(0, 0.02)
    quality = 3.0 - density(member.pattern) + noise + 40 / rung - 0.1
    return Measurement(
        seed=member.seed,
        learning_rate=member.learning_rate,
        outcome=Outcome.FINISHED,
        step=rung,
        quality=quality,
        train_loss=quality,
        wall_seconds=random.random(),
        task=task,
        longer=(LengthQuality(times=2, num_tokens=128, quality=quality + 0.1),),
    )


def enter(store: TrialStore, pattern: ModelPattern | None, baseline: str | None = None) -> Trial:
    """A trial of a pattern, as if proposed; an impossible one without a pattern."""
    flaw = "" if pattern else "width: no"
    return store.enter(Proposal(suggestion=Suggestion(), pattern=pattern, flaw=flaw, baseline=baseline))


def train(
    store: TrialStore,
    number: int,
    *rungs: int,
    tasks: tuple[str, ...] = ("silent",),
    measure: Callable[[Member, str, int], Measurement] = pretended,
) -> Trial:
    """The trial after it was trained to each of the rungs with the search's own seed."""
    for rung in rungs:
        pattern = store[number].pattern
        assert pattern is not None
        member = Member(pattern=pattern, seed=0, learning_rate=1e-3)
        store.advance(number, rung, [measure(member, task, rung) for task in tasks])
    return store[number]


def train_again(
    store: TrialStore, number: int, *seeds: int, measure: Callable[[Member, str, int], Measurement] = pretended
) -> None:
    """Give a trial that has the last rung further seeds there."""
    pattern = store[number].pattern
    assert pattern is not None
    members = [Member(pattern=pattern, seed=seed, learning_rate=1e-3) for seed in seeds]
    store.add_measurements(number, [measure(member, "silent", RUNGS[-1]) for member in members])


def drawn(problem: Problem, count: int) -> list[ModelPattern]:
    """Different patterns of the problem's space."""
    found: dict[str, ModelPattern] = {}
    for seed in range(10 * count):
        pattern = problem.sample(RandomSuggester(seed))
        found.setdefault(problem.shape.identity(pattern), pattern)
        if len(found) == count:
            break
    return list(found.values())


RUNGS = (100, 200, 400)


def trained_store(
    problem: Problem, reached: list[int], budgets: ConstraintSettings | None = None, **more: Any
) -> TrialStore:
    """Sampled trials that were trained to this many of RUNGS each; more keywords are those of `train`."""
    store = TrialStore(problem, budgets or ConstraintSettings(), RUNGS)
    for pattern, num_rungs in zip(drawn(problem, len(reached)), reached, strict=True):
        train(store, enter(store, pattern).number, *RUNGS[:num_rungs], **more)
    return store


def pretended_profile(job: ProfileJob) -> Profile:
    """Time and memory rise with the pairs that a pattern sees, and no two measurements are the same."""
    return Profile(
        pattern_id=job.pattern.id,
        conditions=job.conditions,
        latency_ms=2 + 10 * density(job.pattern) + random.random() / 100,
        latency_iqr_ms=0.1,
        num_repeats=5,
        peak_memory_bytes=int(1e6 * (1 + density(job.pattern))),
    )


class Stop(BaseException):
    """The process dies here."""


@dataclass
class FakeExecutor:
    """Trains nothing, in any order of ending.

    Args:
        shuffle: which of the submitted jobs ends next.
        stop_after: dies when this many results were taken.
        measure: what a training of a member on a task shows at a rung; an ArithmeticError fails the job.
        profile: what a pattern takes on the device; a MemoryError or an ArithmeticError fails the job.
        trained: (trial, seed) of every training, one a task.
        profiled: every trial that was measured on the device.
        rungs: (trial, seed, rung) of the same.
    """

    shuffle: random.Random = field(default_factory=lambda: random.Random(0))
    stop_after: int | None = None
    measure: Callable[[Member, str, int], Measurement] = pretended
    profile: Callable[[ProfileJob], Profile] = pretended_profile
    queue: list[Job | ProfileJob] = field(default_factory=list)
    profiled: list[int] = field(default_factory=list)
    trained: list[tuple[int, int]] = field(default_factory=list)
    rungs: list[tuple[int, int, int]] = field(default_factory=list)

    def submit(self, job: Job | ProfileJob) -> None:
        self.queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult | ProfileResult:
        if self.stop_after is not None and len(self.trained) >= self.stop_after:
            raise Stop
        job = self.queue.pop(self.shuffle.randrange(len(self.queue)))
        if isinstance(job, ProfileJob):
            return self._profile(job)
        on_progress(job.trials[0], job.task, 5, 10)
        self.trained += [(trial, member.seed) for trial, member in zip(job.trials, job.members, strict=True)]
        self.rungs += [(trial, member.seed, job.rung) for trial, member in zip(job.trials, job.members, strict=True)]
        try:
            return JobResult(job, job.signed(self.measure(member, job.task, job.rung) for member in job.members))
        except ArithmeticError as error:
            return job.failed(Outcome.FAILED, first_line(error), last_lines(error))

    def _profile(self, job: ProfileJob) -> ProfileResult:
        self.profiled.append(job.trial)
        try:
            return ProfileResult(job, self.profile(job))
        except MemoryError:
            return job.failed(Outcome.OUT_OF_MEMORY, "", "no room")
        except ArithmeticError as error:
            return job.failed(Outcome.FAILED, first_line(error), last_lines(error))

    def close(self) -> None:
        self.queue.clear()


StartStudy = Callable[..., Front]
