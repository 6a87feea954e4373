"""What a survey predicted of the patterns of a study beside what they lost: losses beyond full attention's."""

from collections.abc import Iterable
from dataclasses import dataclass

from nas.results.front import FrontEntry
from nas.results.objective import Score
from nas.results.trial import Trial
from nas.statistics.rank_agreement import kendall_tau

LEAST = 4
"""Of fewer patterns nothing is said."""


@dataclass(frozen=True, slots=True)
class PredictedLoss:
    """One pattern.

    Args:
        trial: its number.
        predicted: what the survey predicts that it loses beyond full attention, in the unit of the score.
        measured: what it lost beyond full attention.
    """

    trial: int
    predicted: float
    measured: float


def predicted_losses(score: Score, ended: Iterable[Trial | FrontEntry]) -> tuple[PredictedLoss, ...]:
    """Every pattern but full attention that a survey predicted and a trial measured; none without full attention.

    Args:
        score: of the text, which a checkpoint measures first.
        ended: trials or entries of a front.
    """
    known = {_number(one): one for one in ended if one.predicted is not None and score.name in one.scores}
    full = next((one for one in known.values() if one.baseline == "full"), None)
    if full is None:
        return ()
    sign = 1 if score.direction == "minimize" else -1
    return tuple(
        PredictedLoss(
            trial=number,
            predicted=one.predicted.text,
            measured=sign * (one.scores[score.name] - full.scores[score.name]),
        )
        for number, one in sorted(known.items())
        if one is not full and one.predicted is not None
    )


def agreement_in_words(found: tuple[PredictedLoss, ...]) -> str:
    """`Kendall's tau 0.71 over 19 patterns`; empty for fewer than LEAST."""
    tau = (
        kendall_tau([one.predicted for one in found], [one.measured for one in found]) if len(found) >= LEAST else None
    )
    return "" if tau is None else f"Kendall's tau {tau:.2f} over {len(found)} patterns"


def _number(one: Trial | FrontEntry) -> int:
    return one.number if isinstance(one, Trial) else one.trial
