"""The agreement of two rankings of the same items, and what noise allows. All values here are to be minimised."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import variance

import numpy as np
from numpy.typing import NDArray

from nas.statistics.ranks import rank_shares

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile interval.

    Args:
        low: its lower end.
        high: its upper end.
    """

    low: float
    high: float


def kendall_tau(
    first: Sequence[float],
    second: Sequence[float],
    *,
    margin: float = 0.0,
    groups: Sequence[Hashable] | None = None,
) -> float | None:
    """Kendall's tau-b: 1 for the same ranking, -1 for the reverse, about 0 for chance.

    Args:
        first: one value per item; may be infinite.
        second: the other values of the same items.
        margin: items closer than this in `second` count as tied there, in its unit.
        groups: one per item; only pairs within a group are compared. None compares all.

    Returns:
        None if one side has no pair that differs.

    Source: Kendall 1945; the same as scipy.stats.kendalltau where margin and groups are left out (tested).
    """
    if not margin and groups is None:
        return _plain_tau(np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64))
    counts = np.ones((1, len(first)))
    (tau,) = _taus(_signs(first), _signs(second, margin), _same_group(groups, len(first)), counts)
    return None if np.isnan(tau) else float(tau)


def kendall_tau_interval(
    first: Sequence[float],
    second: Sequence[float],
    *,
    margin: float = 0.0,
    groups: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    num_resamples: int = 1000,
    seed: int = 0,
) -> Interval | None:
    """A percentile bootstrap interval of `kendall_tau` over items.

    Each resample draws as many items as there are, with replacement; those in which tau-b has no value are left out.

    Args:
        first: see `kendall_tau`, also for `second`, `margin` and `groups`.
        second: the other values of the same items.
        margin: what counts as tied in `second`.
        groups: one per item.
        confidence: share of the resamples that lie inside, 0 to 1.
        num_resamples: resamples drawn.
        seed: of the draws.

    Returns:
        None if tau-b has no value in any resample.

    Source: Efron 1979; percentile intervals as in Efron and Tibshirani 1993, section 13.3.
    """
    num_items = len(first)
    if num_items < 2:
        return None
    # An item that is drawn twice is tied with itself on both sides, so counting draws is all that a resample needs.
    counts = np.random.default_rng(seed).multinomial(num_items, [1 / num_items] * num_items, size=num_resamples)
    taus = _taus(_signs(first), _signs(second, margin), _same_group(groups, num_items), counts.astype(np.float64))
    taus = taus[~np.isnan(taus)]
    if not len(taus):
        return None
    low, high = np.quantile(taus, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def spearman_rho(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Spearman's rho: 1 for the same ranking, -1 for the reverse, about 0 for chance; equal values share their rank.

    Args:
        first: one value per item.
        second: the other values of the same items.

    Returns:
        None if one side has no pair that differs.

    Source: Spearman 1904; the same as scipy.stats.spearmanr (tested).
    """
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    ranks = np.array([rank_shares(side, "minimize") for side in (first, second)])
    away = ranks - ranks.mean(axis=1, keepdims=True)
    one, other = away / np.linalg.norm(away, axis=1, keepdims=True)
    return float(one @ other)


def regret(truth: Sequence[float], proxy: Sequence[float], num_chosen: int = 1) -> float:
    """What is lost by trusting a proxy: the best of its choices, less the best of all, both by the truth.

    Of items that the proxy cannot tell apart, those that are truly worse are taken first.

    Args:
        truth: one value per item, at least one.
        proxy: the values by which items are chosen.
        num_chosen: how many are chosen.

    Returns:
        0 or more, in the unit of `truth`.
    """
    assert len(truth) == len(proxy) > 0 and num_chosen > 0
    ordered = sorted(zip(proxy, truth, strict=True), key=lambda pair: (pair[0], -pair[1]))
    return float(min(true for _, true in ordered[:num_chosen]) - min(truth))


def share_tied(values: Sequence[float], margin: float) -> float | None:
    """The share of pairs that lie closer than a margin, such as two standard deviations of the noise.

    Args:
        values: one per item.
        margin: in their unit; equal values are always tied.

    Returns:
        0 to 1; None for fewer than two items.
    """
    num_pairs = len(values) * (len(values) - 1)
    return float(1 - np.abs(_signs(values, margin)).sum() / num_pairs) if num_pairs else None


def pooled_deviation(groups: Iterable[Sequence[float]]) -> float | None:
    """The standard deviation within groups, such as the seeds of a pattern, pooled over the groups.

    Args:
        groups: values in one unit; a group of one is left out.

    Returns:
        in their unit; None if no group has two values.
    """
    repeated = [group for group in groups if len(group) > 1]
    degrees = sum(len(group) - 1 for group in repeated)
    squares = sum((len(group) - 1) * _variance(tuple(group)) for group in repeated)
    return float(squares / degrees) ** 0.5 if degrees else None


@lru_cache(maxsize=1 << 12)
def _variance(values: tuple[float, ...]) -> float:
    """Cached: a study asks for the noise of the same seeds again and again, and exact sums take their time."""
    return variance(values)


def _plain_tau(first: _Array, second: _Array) -> float | None:
    """Tau-b without margin and groups, in n (log n)^2 steps; None if one side has no pair that differs."""
    assert len(first) == len(second) and not np.isnan([first, second]).any(), "an unknown value has no rank"
    _, ours = np.unique(first, return_inverse=True)
    _, theirs = np.unique(second, return_inverse=True)
    order = np.lexsort((theirs, ours))
    num_pairs = len(ours) * (len(ours) - 1) // 2
    tied, tied_there = _num_tied(ours), _num_tied(theirs)
    tied_in_both = _num_tied(ours * len(ours) + theirs)
    agreeing = num_pairs - tied - tied_there + tied_in_both - 2 * _num_inversions(theirs[order])
    scale = float(num_pairs - tied) * float(num_pairs - tied_there)
    return float(agreeing / np.sqrt(scale)) if scale else None


def _num_tied(ranks: NDArray[np.intp]) -> int:
    _, counts = np.unique(ranks, return_counts=True)
    return int((counts * (counts - 1) // 2).sum())


def _num_inversions(ranks: NDArray[np.intp]) -> int:
    """Pairs of which the earlier one is larger, found at the highest bit in which the two differ."""
    total, above = 0, ranks.copy()
    for bit in reversed(range(int(ranks.max(initial=0)).bit_length())):
        order = np.argsort(above >> (bit + 1), kind="stable")
        group, is_one = above[order] >> (bit + 1), (above[order] >> bit) & 1
        ones_before = np.cumsum(is_one) - is_one
        starts = np.searchsorted(group, group)  # of each element's group
        total += int((ones_before - ones_before[starts])[is_one == 0].sum())
    return total


def _signs(values: Sequence[float], margin: float = 0.0) -> _Array:
    """1 where the row's item is larger by the margin or more, -1 where the column's is, else 0; shape (n, n)."""
    column = np.asarray(values, dtype=np.float64)[:, None]
    assert not np.isnan(column).any(), "an unknown value has no rank"
    # A sum and not a difference, so that two infinite values are tied.
    larger = (column > column.T) & (column >= column.T + margin)
    return larger.astype(np.float64) - larger.T


def _same_group(groups: Sequence[Hashable] | None, num_items: int) -> _Array:
    """1 where two items are to be compared, shape (n, n)."""
    if groups is None:
        return np.ones((num_items, num_items))
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    own = np.array([places[group] for group in groups], dtype=np.int64)
    return np.equal.outer(own, own).astype(np.float64)


def _taus(first: _Array, second: _Array, compared: _Array, counts: _Array) -> _Array:
    """Tau-b of every resample; NaN where it has no value.

    Args:
        first: signs of the pairs, shape (n, n).
        second: signs of the same pairs, shape (n, n).
        compared: 1 for pairs that count, shape (n, n).
        counts: how often each item occurs in a resample, shape (resamples, n).
    """
    assert first.shape == second.shape == compared.shape

    def total(pairs: _Array) -> _Array:
        summed: _Array = np.sum((counts @ (pairs * compared)) * counts, axis=1)
        return summed

    scale = np.sqrt(total(np.abs(first)) * total(np.abs(second)))
    taus = np.full(len(counts), np.nan)
    np.divide(total(first * second), scale, out=taus, where=scale > 0)
    return taus
