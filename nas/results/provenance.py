"""The provenance of an exported pattern: provenance.json (schema nas.provenance/1)."""

from typing import Any, Final, Literal

from nas.results.codec import Value, to_document
from nas.results.cost import Cost
from nas.results.front import Front, InCheckpoint, StudyProvenance
from nas.results.objective import Objective, Score
from nas.results.phase import PatternPhase

SCHEMA: Final = "nas.provenance/1"


class MadeWith(StudyProvenance, frozen=True, kw_only=True):
    """The provenance of a study's results, with the software that made them.

    Args:
        versions: of Python and the packages that decide results.
        corpus_hash: hash of the task's data; None if there is none.
    """

    versions: dict[str, str]
    corpus_hash: str | None

    @classmethod
    def of(cls, front: Front) -> "MadeWith":
        """The provenance of a front."""
        own = {name: getattr(front.provenance, name) for name in StudyProvenance.__struct_fields__}
        return cls(versions=front.versions, corpus_hash=front.corpus_hash, **own)


class Provenance(Value, frozen=True, kw_only=True):
    """What is needed to find the pattern's trial again and to judge it.

    Args:
        study: name of the study.
        trial: number of the trial.
        pattern_id: id of the pattern, 16 hexadecimal digits.
        baseline: name of the baseline, or None for a sampled pattern.
        objectives: the study's objectives.
        scores: further scores, which are not objectives.
        values: of objectives and scores by name, mean over the seeds; empty for a trial that did not finish.
        step: the rung that the values were measured at, in optimiser steps; 0 for none.
        seeds: seeds of the training runs behind the values.
        spread: standard deviation over the seeds by name, in its unit; empty for a single seed.
        cost: what the pattern costs on the study's target; None if unknown.
        ratio_to_full: each of these numbers as a share of full attention's; empty if unknown.
        made_with: provenance of the study's results.
        stopped_early: whether the values come from an earlier rung than those of the trials that finished.
    """

    schema: Literal["nas.provenance/1"] = SCHEMA
    study: str
    trial: int
    pattern_id: str
    baseline: str | None
    objectives: tuple[Objective, ...]
    scores: tuple[Score, ...]
    values: dict[str, float]
    step: int
    seeds: tuple[int, ...]
    spread: dict[str, float]
    cost: Cost | None
    ratio_to_full: dict[str, float]
    made_with: MadeWith
    stopped_early: bool

    @property
    def phase(self) -> PatternPhase:
        """Where the pattern was used when its values were measured."""
        evaluation = self.made_with.evaluation
        return evaluation.phase if isinstance(evaluation, InCheckpoint) else "both"

    @property
    def num_tokens(self) -> int:
        """The sequence length of the study's first task, in tokens."""
        return self.made_with.num_tokens

    @property
    def last_rung(self) -> int:
        """The last rung of the study, in optimiser steps."""
        return self.made_with.rungs[-1]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON, with its keys in an order that never changes: `nas verify` compares modules byte by byte."""
        document: dict[str, Any] = to_document(self)
        for name in ("objectives", "scores", "cost", "made_with"):
            document[name] = _sorted(document[name])
        first = {name: document["made_with"][name] for name in ("versions", "corpus_hash")}
        document["made_with"] = first | document["made_with"]
        return document


def _sorted(value: Any) -> Any:
    """Plain data with its keys sorted, as in front.json."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, (list, tuple)) else value
