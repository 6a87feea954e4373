"""One pattern on its way out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas.errors import ExportError
from nas.export.provenance import Provenance
from nas.patterns.file import parse_pattern
from nas.patterns.model import ModelPattern
from nas.results.cost import Cost
from nas.results.trial import Trial
from nas.search.front import further_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPoint:
    """A pattern, where it comes from, and where its files go.

    Args:
        pattern: what is exported.
        provenance: where it comes from.
        subfolder: folder inside the output folder; empty for the output folder itself.
    """

    pattern: ModelPattern
    provenance: Provenance
    subfolder: str = ""


def point_of_entry(entry: Mapping[str, Any], front: Mapping[str, Any], step: int | None = None) -> ExportPoint:
    """A point or baseline of front.json.

    Args:
        entry: the point or baseline.
        front: content of front.json.
        step: the rung that its values were measured at, in optimiser steps; None for the study's last one.

    Raises:
        PatternError: front.json was edited and the pattern in it breaks the contract.
    """
    pattern = parse_pattern(entry["pattern"])
    provenance = Provenance(
        study=front["study"],
        trial=entry["trial"],
        pattern_id=pattern.id,
        baseline=entry["baseline"],
        objectives=tuple(front["objectives"]),
        scores=tuple(further_scores(front)),
        values=entry["scores"] | entry["values"],
        step=_last_rung(front) if step is None else step,
        seeds=tuple(entry["seeds"]),
        spread={name: value for name, value in entry["spread"].items() if value is not None},
        cost=entry.get("cost", {}),
        ratio_to_full=entry.get("ratio_to_full", {}),
        made_with=_made_with(front),
    )
    return ExportPoint(pattern=pattern, provenance=provenance)


def point_of_trial(trial: Trial, front: Mapping[str, Any]) -> ExportPoint:
    """A trial that front.json does not list; `front` gives the study's name, objectives and provenance.

    Raises:
        ExportError: the suggestions of the trial made no pattern.
    """
    if trial.pattern is None:
        raise ExportError(f"trial {trial.number}: has no pattern to export ({trial.reason or trial.state.value}).")
    provenance = Provenance(
        study=front["study"],
        trial=trial.number,
        pattern_id=trial.pattern.id,
        baseline=trial.baseline,
        objectives=tuple(front["objectives"]),
        scores=tuple(further_scores(front)),
        values=trial.scores | trial.values,
        step=trial.step,
        seeds=tuple(
            dict.fromkeys(one.seed for one in trial.measurements if one.quality is not None and one.step == trial.step)
        ),
        cost=trial.cost.to_dict() if trial.cost else {},
        ratio_to_full=_ratio_to_full(trial, front),
        made_with=_made_with(front),
    )
    return ExportPoint(pattern=trial.pattern, provenance=provenance)


def _made_with(front: Mapping[str, Any]) -> dict[str, Any]:
    return {"versions": front["versions"], "corpus_hash": front["corpus_hash"], **front["provenance"]}


def _last_rung(front: Mapping[str, Any]) -> int:
    rungs = front["provenance"].get("rungs")
    return rungs[-1] if rungs else 0


def _ratio_to_full(trial: Trial, front: Mapping[str, Any]) -> dict[str, float]:
    """Shares of the study's own full attention; empty if it is not among the baselines."""
    full = [entry["cost"] for entry in front["baselines"] if entry["baseline"] == "full" and "cost" in entry]
    return trial.cost.ratio_to(Cost(**full[0])) if full and trial.cost else {}
