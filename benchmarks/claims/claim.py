"""A claim about two anchors, and what a regime shows of it."""

from dataclasses import dataclass
from statistics import fmean

from claims.regime import Regime
from claims.relation import Relation, Verdict
from nas.statistics.rank_agreement import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a regime shows of a claim.

    Args:
        claim: the claim, in words.
        difference: how much better the first is, in the unit of the quality; None if it was not measured.
        interval: of the difference; None if it was measured with one seed alone.
        verdict: whether the claim is borne out.
        num_seeds: that both were trained with.
        pairs_share: pairs that the first sees, as a share of those of the second; None if the second is a bound.
    """

    claim: str
    difference: float | None
    interval: Interval | None
    verdict: Verdict
    num_seeds: int
    pairs_share: float | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One anchor beside another.

    Args:
        about: what it is an instance of.
        first: name of an anchor.
        relation: of its quality to that of the second.
        second: name of an anchor.
    """

    about: str
    first: str
    relation: Relation
    second: str

    def finding(self, regime: Regime) -> Finding:
        """What the seeds that both were trained with show."""
        first, second = (regime.runs.get(name, {}) for name in (self.first, self.second))
        shared = sorted(first.keys() & second.keys())
        difference = regime.sign * fmean(first[seed] - second[seed] for seed in shared) if shared else None
        return judged(
            f"{self.about}: `{self.first}` {self.relation} `{self.second}`",
            regime,
            self.relation,
            difference,
            (len(shared), len(shared)),
            regime.pairs(self.first) / regime.pairs(self.second),
        )


def judged(
    claim: str,
    regime: Regime,
    relation: Relation,
    difference: float | None,
    num_runs: tuple[int, ...],
    pairs_share: float | None = None,
) -> Finding:
    """The finding of a difference.

    Args:
        claim: in words.
        regime: gives the noise.
        relation: what is claimed of the difference.
        difference: how much better the first is; None if it was not measured.
        num_runs: behind each mean in the difference.
        pairs_share: see `Finding`.
    """
    noise = regime.noise
    interval = None if difference is None or noise is None else noise.interval(difference, *num_runs)
    verdict = Verdict.UNMEASURED if difference is None else Verdict.UNDECIDED
    if noise is not None and interval is not None:
        verdict = relation.judge(interval, noise.margin)
    return Finding(
        claim=claim,
        difference=difference,
        interval=interval,
        verdict=verdict,
        num_seeds=num_runs[0],
        pairs_share=pairs_share,
    )
