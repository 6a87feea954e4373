"""A pattern to export, with its provenance."""

from dataclasses import dataclass

from nas.errors import ExportError
from nas.patterns.model import ModelPattern
from nas.results.front import Front, FrontEntry
from nas.results.provenance import MadeWith, Provenance
from nas.results.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPoint:
    """A pattern, where it comes from, and where its files go.

    Args:
        pattern: the pattern to export.
        trained_pattern: what the study trained or scored in its place, often the same.
        provenance: where it comes from.
        subfolder: folder inside the output folder; empty for the output folder itself.
    """

    pattern: ModelPattern
    trained_pattern: ModelPattern
    provenance: Provenance
    subfolder: str = ""


def point_of_entry(entry: FrontEntry, front: Front, step: int | None = None) -> ExportPoint:
    """A point or baseline of a front.

    Args:
        entry: the point or baseline.
        front: the front that it belongs to.
        step: the rung that its values were measured at, in optimiser steps; None for the study's last one.
    """
    last = front.provenance.rungs[-1]
    provenance = Provenance(
        study=front.study,
        trial=entry.trial,
        pattern_id=entry.pattern_id,
        baseline=entry.baseline,
        objectives=front.objectives,
        scores=front.further_scores,
        values=entry.scores | entry.values,
        step=last if step is None else step,
        seeds=entry.seeds,
        spread={name: value for name, value in entry.spread.items() if value is not None},
        cost=entry.cost,
        ratio_to_full=entry.ratio_to_full,
        made_with=MadeWith.of(front),
        stopped_early=bool(entry.values) and step is not None and step < last,
    )
    return ExportPoint(
        pattern=entry.pattern, trained_pattern=entry.proxy_pattern or entry.pattern, provenance=provenance
    )


def point_of_trial(trial: Trial, front: Front) -> ExportPoint:
    """A trial that is not on the front.

    Args:
        trial: the trial.
        front: the study's front, for its name, objectives and provenance.

    Raises:
        ExportError: the trial has no pattern, because the space could not make one from its suggestion.
    """
    if trial.pattern is None or trial.trained_pattern is None:
        raise ExportError(f"trial {trial.number}: has no pattern to export ({trial.reason or trial.state.value}).")
    provenance = Provenance(
        study=front.study,
        trial=trial.number,
        pattern_id=trial.pattern.id,
        baseline=trial.baseline,
        objectives=front.objectives,
        scores=front.further_scores,
        values=trial.scores | trial.values,
        step=trial.step,
        seeds=trial.seeds,
        spread={},
        cost=trial.cost,
        ratio_to_full=_ratio_to_full(trial, front),
        made_with=MadeWith.of(front),
        stopped_early=bool(trial.values) and trial.step < front.provenance.rungs[-1],
    )
    return ExportPoint(pattern=trial.pattern, trained_pattern=trial.trained_pattern, provenance=provenance)


def _ratio_to_full(trial: Trial, front: Front) -> dict[str, float]:
    """Shares of the study's own full attention; empty if it is not among the baselines."""
    full = [baseline.cost for baseline in front.baselines if baseline.baseline == "full"]
    return trial.cost.ratio_to(full[0]) if full and trial.cost else {}
