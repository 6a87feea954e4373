"""The record of an ended study: all that its report is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nas.costs.target import Target
from nas.report.objective_labels import best_first
from nas.results.front import Baseline, Front, FrontEntry, FrontPoint
from nas.results.insight import Insight
from nas.results.kept_bundle import KeptBundle
from nas.results.proposal import Suggestion
from nas.results.trial import Trial


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """An ended study, as its folder has it.

    Args:
        argument: by which commands find the study.
        front: its result.
        trials: all of its trials, by number.
        settings: of config.yaml, as plain data.
        suggestions: what the sampler suggested for the points of the front, by trial.
        insight: what the study's model says of it.
        words: of the command that made it, after `nas search`; None where they are not known (`StudyProgress.command`).
        target: the shipped target of its costs; None for any other model, and for the proxy.
        bundles: copies of what was exported from it.
    """

    argument: str
    front: Front
    trials: tuple[Trial, ...]
    settings: Mapping[str, Any]
    suggestions: Mapping[int, Suggestion]
    insight: Insight
    target: Target | None
    words: tuple[str, ...] | None = None
    bundles: tuple[KeptBundle, ...] = ()

    @property
    def points(self) -> list[FrontPoint]:
        """The points of the front, best quality first."""
        return best_first(self.front.points, self.front.leading)

    @property
    def baselines(self) -> list[Baseline]:
        """The baselines that finished, best quality first."""
        return best_first(self.front.baselines, self.front.leading)

    @cached_property
    def entries(self) -> dict[int, FrontEntry]:
        """Points and finished baselines by trial; a baseline on the front is a point."""
        return {entry.trial: entry for entry in (*self.baselines, *self.points)}

    @property
    def full(self) -> Baseline | None:
        """Full attention, if it finished."""
        return next((entry for entry in self.baselines if entry.baseline == "full"), None)

    @property
    def is_forecast(self) -> bool:
        """Whether the first objective is the score that the model forecasts, in its unit."""
        return self.front.leading.name == self.insight.score

    @property
    def num_sampled(self) -> int:
        """Trials that the sampler proposed."""
        return sum(trial.baseline is None for trial in self.trials)
