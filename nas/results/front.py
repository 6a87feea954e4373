"""front.json (schema nas.front/1): the non-dominated trials of a study, and its named baselines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from msgspec import field

from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import CarryRules
from nas.results.codec import Value
from nas.results.cost import Cost
from nas.results.fidelity import FidelityReport, Reordering
from nas.results.frame import front_frame
from nas.results.objective import COSTS, PROFILED, Objective, Score
from nas.results.phase import PatternPhase
from nas.results.profile import Profile
from nas.results.survey import Losses
from nas.results.trial import TrialState

if TYPE_CHECKING:
    import pandas
    import polars

SCHEMA: Final = "nas.front/1"
CONTENDING = 0.05
"""A trial contends for the front if it is on it with this probability or more."""


class Estimate(Value, frozen=True, kw_only=True):
    """What a quality would be without noise, given the measurements of all patterns of the study.

    Args:
        mean: in the unit of the score or objective.
        standard_deviation: in that unit; 0 where there is no noise, None where it is unknown.
    """

    mean: float
    standard_deviation: float | None


class FrontEntry(Value, frozen=True, kw_only=True):
    """A trial as an entry of the front.

    Args:
        trial: its number.
        baseline: name of the baseline; None for a sampled pattern.
        values: objective values by name; empty for a baseline that did not finish.
        scores: all that was measured, by name, mean over seeds.
        estimates: what scores and qualities would be without noise, by name; points are chosen and sorted by these.
        seeds: seeds behind the scores.
        spread: standard deviation of each score over the seeds, in its unit; None for a single seed.
        front_probability: the probability of being on the front, 0 to 1, given the noise of the scores; costs are
            exact. None if the noise is unknown, or the trial is no candidate.
        gain_of_last_rung: how much better each score was at the last rung than at the one before, as measured, in its
            unit.
        cost: what the pattern costs on the study's target.
        predicted: what a survey of the checkpoint predicts that the pattern loses beyond full attention; None without.
        ratio_to_full: each of these numbers that was counted, as a share of full attention's.
        pattern_id: id of the pattern, 16 hexadecimal digits.
        pattern: the pattern, as it is meant in the study's target.
        proxy_pattern: what the proxy was trained with in its place; None if that is the pattern itself.
        profile: what the pattern takes on the study's device; None if nothing was measured there.
        profile_ratio_to_full: its measured costs as shares of full attention's, by name; empty without a profile.
    """

    trial: int
    baseline: str | None
    values: dict[str, float]
    scores: dict[str, float]
    estimates: dict[str, Estimate]
    seeds: tuple[int, ...]
    spread: dict[str, float | None]
    front_probability: float | None
    gain_of_last_rung: dict[str, float]
    cost: Cost
    predicted: Losses | None = None
    ratio_to_full: dict[str, float]
    pattern_id: str
    pattern: ModelPattern
    proxy_pattern: ModelPattern | None = None
    profile: Profile | None = None
    profile_ratio_to_full: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pattern_id != self.pattern.id:
            raise ValueError(f"pattern_id is {self.pattern_id}, but the pattern has the id {self.pattern.id}")
        if self.ratio_to_full.keys() != self.cost.counted.keys():
            raise ValueError(f"ratio_to_full has {sorted(self.ratio_to_full)}, not {sorted(self.cost.counted)}")

    def worth(self, objective: str) -> float:
        """What the entry is compared by in an objective: the estimate of a quality, the value of a cost."""
        return self.estimates[objective].mean if objective in self.estimates else self.values[objective]

    def ratio(self, objective: str) -> float | None:
        """A cost objective as a share of full attention's; None for a quality."""
        if objective in PROFILED:
            return self.profile_ratio_to_full.get(objective)
        return self.ratio_to_full[COSTS[objective][0]] if objective in COSTS else None


class FrontPoint(FrontEntry, frozen=True, kw_only=True):
    """A point of the front."""


class Baseline(FrontEntry, frozen=True, kw_only=True):
    """A named baseline.

    Args:
        on_front: whether it is also a point of the front.
        state: how its trial ended.
    """

    on_front: bool
    state: TrialState


class Contender(Value, frozen=True, kw_only=True):
    """A trial that is not on the front but may belong there.

    Args:
        trial: its number.
        front_probability: the probability of being on the front, 0 to 1.
        forecast: whether halving stopped it, so that its scores are forecasts.
    """

    trial: int
    front_probability: float
    forecast: bool


class FromScratch(Value, frozen=True, kw_only=True, tag_field="name", tag="scratch"):
    """Every pattern was trained from scratch in its own proxy."""


class InCheckpoint(Value, frozen=True, kw_only=True, tag_field="name", tag="checkpoint"):
    """Every pattern was plugged into a pretrained decoder; see `nas.evaluation.settings.CheckpointSettings`."""

    weights: Literal["frozen", "lora"]
    lora_rank: int
    needle_depths: tuple[float, ...]
    needle_sequences: int
    cost_tokens: int | None
    phase: PatternPhase = "both"


class ExtraTask(Value, frozen=True, kw_only=True):
    """A further task of a study.

    Args:
        task_fingerprint: hash of the task, its data included.
        corpus_hash: hash of the data alone; None if there is none.
        num_tokens: sequence length, in tokens.
    """

    task_fingerprint: str
    corpus_hash: str | None
    num_tokens: int


class CostAgreement(Value, frozen=True, kw_only=True):
    """How well a counted cost ranks patterns as a measured one does.

    Args:
        counted: name of the counted cost.
        measured: name of the measured cost.
        rho: Spearman's rho over the study's patterns, -1 to 1; None if one of the two is the same for all.
        num_patterns: how many patterns were measured.
    """

    counted: str
    measured: str
    rho: float | None
    num_patterns: int


class StudyProvenance(Value, frozen=True, kw_only=True):
    """The provenance of a study's results.

    Args:
        seed: seed of the study.
        sampler: name of the sampler.
        task: name of the first task, which determines the shape of the patterns.
        task_fingerprint: hash of the task, its data included.
        num_tokens: sequence length of what was trained or scored, in tokens.
        pattern_tokens: sequence length that the sizes of patterns are of, in tokens: the target's if there is one.
        carry: how sizes went from that length to the other; None if they are the same.
        rungs: where scores are taken, in optimiser steps, ascending.
        target: the model that costs are counted for.
        evaluation: how patterns were measured.
        checkpoint_fingerprint: hash of the pretrained weights; None if there are none.
        task_quality: how the qualities of several tasks become objectives.
        extra_tasks: the further tasks, by label.
        machine: the processor's architecture.
        environments: versions, processor and precision that trials were measured with, each once; several if the study
            was resumed elsewhere.
        tokens_per_parameter: how many tokens of text a proxy was trained on by the last rung, for each of its
            parameters, embeddings included; None for other tasks, and in a checkpoint.
    """

    seed: int
    sampler: str
    task: str
    task_fingerprint: str
    num_tokens: int
    pattern_tokens: int
    carry: CarryRules | None
    rungs: tuple[int, ...]
    target: str
    evaluation: FromScratch | InCheckpoint
    checkpoint_fingerprint: str | None
    task_quality: Literal["separate", "mean_rank"]
    extra_tasks: dict[str, ExtraTask]
    machine: str
    environments: tuple[str, ...] = ()
    tokens_per_parameter: float | None = None

    def __post_init__(self) -> None:
        if not self.rungs:
            raise ValueError("rungs must not be empty")

    @property
    def is_frozen(self) -> bool:
        """Whether patterns were scored with pretrained weights as they are."""
        return isinstance(self.evaluation, InCheckpoint) and self.evaluation.weights == "frozen"


class Front(Value, frozen=True, kw_only=True):
    """The result of a study; the same study gives the same bytes, so it has no paths, and no times but stored ones.

    Args:
        study: name of the study.
        versions: of Python and the packages that decide results.
        corpus_hash: hash of the task's data; None if there is none.
        objectives: the axes of the front.
        scores: everything that was measured.
        points: the front, best quality first.
        baselines: the named baselines, in the order of their trials.
        contenders: trials that are not on it with a probability of CONTENDING or more of being there, likeliest first.
        noise: standard deviation between seeds of every score, under `NAME_standard_deviation`, in its unit, pooled
            over the patterns trained more than once, whose number is under `num_patterns`.
        reordering: how far more training moves patterns against one another, from each length to the next.
        fidelity: how far the ranking can be trusted; None if the check was switched off.
        trials: number of trials by state.
        hypervolume_reference: the point that bounds the hypervolume, by objective, in its unit: a tenth of their
            range beyond the worst values of the baselines, or of the front without any; empty if there are neither.
        hypervolume_by_trial: (trial number, hypervolume of the front of all trials up to it) pairs, 0 to 1, as a share
            of the whole front's.
        provenance: the settings and data that led to it.
        cost_agreement: how well each counted cost ranks as each measured one; empty if nothing was measured on the
            device.
    """

    schema: Literal["nas.front/1"] = SCHEMA
    study: str
    versions: dict[str, str]
    corpus_hash: str | None
    objectives: tuple[Objective, ...]
    scores: tuple[Score, ...]
    points: tuple[FrontPoint, ...]
    baselines: tuple[Baseline, ...]
    contenders: tuple[Contender, ...]
    noise: dict[str, int | float | None]
    reordering: tuple[Reordering, ...]
    fidelity: FidelityReport | None
    trials: dict[TrialState, int]
    hypervolume_reference: dict[str, float]
    hypervolume_by_trial: tuple[tuple[int, float], ...]
    provenance: StudyProvenance
    cost_agreement: tuple[CostAgreement, ...] = ()

    def __post_init__(self) -> None:
        names = {objective.name for objective in self.objectives}
        if not names:
            raise ValueError("objectives must not be empty")
        for entry in (*self.points, *(baseline for baseline in self.baselines if baseline.values)):
            if entry.values.keys() != names:
                raise ValueError(f"trial {entry.trial} has values of {sorted(entry.values)}, not of {sorted(names)}")
        judged = self.fidelity.objectives.keys() if self.fidelity else set()
        if not judged <= names:
            raise ValueError(f"fidelity has {sorted(judged)}, but the objectives are {sorted(names)}")
        moved = {one.objective for one in self.reordering}
        if not moved <= names:
            raise ValueError(f"reordering has {sorted(moved)}, but the objectives are {sorted(names)}")

    @property
    def leading(self) -> Objective:
        """The objective that points are sorted by: the first quality, or the first objective if there is none."""
        return leading(self.objectives)

    @property
    def has_probabilities(self) -> bool:
        """Whether the noise is known, so that points have probabilities of being on the front."""
        return any(point.front_probability is not None for point in self.points)

    @property
    def further_scores(self) -> tuple[Score, ...]:
        """The scores that are not objectives."""
        names = {objective.name for objective in self.objectives}
        return tuple(score for score in self.scores if score.name not in names)

    @property
    def other_baselines(self) -> tuple[Baseline, ...]:
        """The baselines that are not points of the front."""
        return tuple(baseline for baseline in self.baselines if not baseline.on_front)

    def objective(self, name: str) -> Objective:
        """An objective by its name."""
        return next(objective for objective in self.objectives if objective.name == name)

    def nearest_to_ideal(self, objectives: Sequence[Objective]) -> FrontPoint:
        """The point nearest to the ideal one: the knee of the front, if all objectives count.

        Every objective is scaled so that its best value on the front is 0 and its worst is 1, and the smallest
        Euclidean distance to 0 wins. Ties go to the lowest trial number.

        Args:
            objectives: those that count; there must be a point.
        """

        def distance(point: FrontPoint) -> float:
            return sum(self._below_best(point, objective) ** 2 for objective in objectives)

        return min(self.points, key=lambda point: (distance(point), point.trial))

    def to_dataframe(self) -> "pandas.DataFrame | polars.DataFrame":
        """A table of pandas, or of polars where only that is installed; see `nas.results.frame.front_frame`.

        Raises:
            InputError: neither is installed.
        """
        return front_frame(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the chart of the front, and a table."""
        from nas.report.notebook import front_html  # the one way up: a value shows itself, and only a notebook asks

        return front_html(self)

    def _below_best(self, point: FrontPoint, objective: Objective) -> float:
        """The distance from the best value of the front, as a share of the front's range: 0 is best, 1 is worst."""
        values = [objective.sign * other.worth(objective.name) for other in self.points]
        best, worst = min(values), max(values)
        return (objective.sign * point.worth(objective.name) - best) / (worst - best) if worst > best else 0.0


def leading(objectives: tuple[Objective, ...]) -> Objective:
    """The first quality, or the first objective if there is none."""
    return next((objective for objective in objectives if not objective.is_cost), objectives[0])
