"""What a claim says of a difference, and whether an interval of the difference bears it out."""

from enum import StrEnum

from nas.statistics.rank_agreement import Interval


class Verdict(StrEnum):
    """Whether a claim is borne out."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "not decided"
    UNMEASURED = "not measured"


class Relation(StrEnum):
    """What is claimed of a first and a second quality."""

    BETTER = "better than"
    NOT_WORSE = "not worse than"
    ALIKE = "within noise of"

    def judge(self, difference: Interval, margin: float) -> Verdict:
        """Whether a difference bears the relation out.

        `better than` is decided by the sign alone. `not worse than` fails where the first is worse for sure, and holds
        where it is not worse by more than the margin. `within noise of` holds within the margin and fails outside.

        Args:
            difference: how much better the first is.
            margin: a difference that two runs of one pattern may well have, in the same unit.
        """
        low, high = difference.low, difference.high
        holds, fails = {
            Relation.BETTER: (low > 0, high < 0),
            Relation.NOT_WORSE: (low > -margin, high < 0),
            Relation.ALIKE: (-margin < low and high < margin, low > margin or high < -margin),
        }[self]
        return Verdict.FAILS if fails else Verdict.HOLDS if holds else Verdict.UNDECIDED
