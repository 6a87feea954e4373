"""How a method agrees with the truth, as the patterns are and over resamples of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from .calibration import calibrated
from .lab import Lab
from .methods import Method, Numbers

RESAMPLES = 400
AS_DEAR = 1.15
"""A short run is compared with what costs as much or more, give or take this factor."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How a method agrees with the truth, as the patterns are and then over resamples of them.

    Args:
        taus: Kendall's tau-b over all patterns.
        within: the same inside the density thirds, their mean: what a method knows beside density.
        lead: tau-b less that of a short run over the same patterns.
        regrets: of the top choice of every density third, in the metric's unit.
    """

    taus: Numbers
    within: Numbers
    lead: Numbers
    regrets: Sequence[float]


def best_rival(method: Method, methods: Sequence[Method], costs: dict[str, float], lab: Lab) -> Method | None:
    """The best of the short runs that cost no more: what a method must beat to be worth its steps."""
    if method.short:
        return None
    affordable = [short for short in methods if short.short and costs[short.name] <= AS_DEAR * costs[method.name]]
    everyone = np.arange(len(lab.patterns))
    return max(affordable, key=lambda short: mean_tau(short.scores, everyone, lab), default=None)


def judge(method: Method, rival: Method | None, lab: Lab) -> Judgement:
    """Agreement with the truth over resampled patterns.

    A calibration is fitted anew for every resample, on patterns of its own, which do not count in its tau.

    Args:
        method: what is judged.
        rival: the short run that it is compared with; None for none.
        lab: knows the truth.
    """
    everyone = np.arange(len(lab.patterns))
    draw = np.random.default_rng(0)
    theirs = method.scores if rival is None else rival.scores
    plain: list[tuple[float, float, float]] = []
    resampled, regrets = [], []
    for _ in range(RESAMPLES // 4 if method.long_runs else RESAMPLES):
        known = stratified(lab, method.long_runs, draw) if method.long_runs else everyone[:0]
        rest = np.setdiff1d(everyone, known)
        ours = [expectation(method, scores, known, lab) for scores in method.scores]
        resampled.append(agreement(ours, theirs, draw.choice(rest, len(rest)), lab))
        if method.long_runs or not plain:
            plain.append(agreement(ours, theirs, rest, lab))
            regrets.append([fmean(regret(scores, third, lab) for scores in ours) for third in lab.thirds])
    taus, within, lead = np.vstack([np.mean(plain, axis=0), resampled]).T
    means = [fmean(column) for column in zip(*regrets, strict=True)]
    return Judgement(taus=taus, within=within, lead=lead, regrets=means)


def agreement(
    ours: Iterable[Numbers], theirs: Iterable[Numbers], chosen: NDArray[np.int64], lab: Lab
) -> tuple[float, float, float]:
    """Tau-b over the chosen patterns, its mean inside the density thirds, and its lead; means over the seeds."""
    whole = mean_tau(ours, chosen, lab)
    within = fmean(mean_tau(ours, chosen[np.isin(chosen, third)], lab) for third in lab.thirds)
    return whole, within, whole - mean_tau(theirs, chosen, lab)


def mean_tau(by_seed: Iterable[Numbers], chosen: NDArray[np.int64], lab: Lab) -> float:
    """Tau-b with the truth, the mean over the seeds."""
    return fmean(tau(scores[chosen], lab.truths[chosen]) for scores in by_seed)


def tau(scores: Numbers, truths: Numbers) -> float:
    """Kendall's tau-b; 0 where there is nothing to agree on."""
    if len(scores) < 2:
        return 0.0
    found = float(kendalltau(scores, truths).statistic)
    return 0.0 if np.isnan(found) else found


def stratified(lab: Lab, count: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Random patterns, one of each of `count` equal stretches of density."""
    order = np.concatenate(lab.thirds)
    return np.array([draw.choice(part) for part in np.array_split(order, count)])


def expectation(method: Method, scores: Numbers, known: NDArray[np.int64], lab: Lab) -> Numbers:
    """The scores, calibrated if there are long runs to do it with."""
    if not len(known):
        return scores
    inputs = np.column_stack([scores, lab.features])
    expected = calibrated(inputs, known.tolist(), lab.truths[known])
    expected[known] = lab.truths[known]
    return expected


def regret(scores: Numbers, among: NDArray[np.int64], lab: Lab) -> float:
    """How much worse the top choice is than the best."""
    return float(lab.truths[among[np.argmin(scores[among])]] - lab.truths[among].min())
