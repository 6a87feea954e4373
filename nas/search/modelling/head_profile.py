"""The profile of one head, its mask summarised by distance: what the features of a pattern are made of."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nas.patterns.arrays import Flags
from nas.patterns.counting.pairs import count_row_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Global

MOST_STEPS = 128
"""Most steps of distance that reach is computed in; longer sequences group several tokens into one step."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class HeadProfile:
    """One head at one length.

    Args:
        sees: share of visible pairs by bucket of distances (1, 2 to 3, 4 to 7, ...), shape (buckets,).
        log2_keys: log2 of the mean keys per query.
        log2_local: the same without first tokens that all later queries see.
        log2_columns: log2 of 1 + the keys of the first half that all later queries see.
        passing: share of pairs that paths can continue from, by step of `step_of_distance`, shape (steps,).
    """

    sees: Floats
    log2_keys: np.float32
    log2_local: np.float32
    log2_columns: np.float32
    passing: Floats


@lru_cache(maxsize=8192)
def head_profile(head: HeadPattern, num_tokens: int) -> HeadProfile:
    """The profile of a head, cached, since patterns of a search share their heads.

    Args:
        head: any head; a computed one counts with all it may choose, but its keys with the few that it reads.
        num_tokens: sequence length n, in tokens; the time grows with its square (15 ms at 1,024).

    Raises:
        PatternError: the grid does not hold `num_tokens` tokens.
    """
    mask, relays = head.outline().mask(num_tokens), _relays(head)
    seen = _seen_by_distance(mask, head.causal)
    passing = seen if relays == head else _seen_by_distance(relays.mask(num_tokens), head.causal)
    pairs, distance = pairs_by_distance(num_tokens, head.causal)
    bucket = np.frexp(np.abs(distance))[1]  # 0 for distance 0, else 1 + floor(log2(distance))
    return HeadProfile(
        sees=_shares(seen, pairs, bucket)[1:].astype(np.float32),
        log2_keys=np.float32(np.log2(count_row_pairs(head, num_tokens).mean())),
        log2_local=np.float32(np.log2(count_row_pairs(relays, num_tokens).mean())),
        log2_columns=np.float32(np.log2(1 + _num_columns(mask, head.causal))),
        passing=_shares(passing, pairs, step_of_distance(num_tokens, head.causal)).astype(np.float32),
    )


def num_buckets(num_tokens: int) -> int:
    """Buckets of distances 1, 2 to 3, 4 to 7, ... up to n - 1."""
    return (num_tokens - 1).bit_length()


def tokens_in_a_step(num_tokens: int) -> int:
    """How many neighbouring distances one step stands for."""
    return -(-num_tokens // MOST_STEPS)


def step_of_distance(num_tokens: int, causal: bool) -> NDArray[np.int64]:
    """The step of every distance of `pairs_by_distance`, negative ones counted from the end as Python's indices are."""
    _, distance = pairs_by_distance(num_tokens, causal)
    step = np.sign(distance) * (np.abs(distance) // tokens_in_a_step(num_tokens))
    steps: NDArray[np.int64] = np.where(step < 0, step + (2 * step.max() + 1), step)
    return steps


def pairs_by_distance(num_tokens: int, causal: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs at every distance, and the distances, query minus key: 0 to n - 1; if not causal then 1 - n to -1."""
    distance = np.arange(num_tokens)
    if not causal:
        distance = np.concatenate([distance, np.arange(1 - num_tokens, 0)])
    return num_tokens - np.abs(distance), distance


def _shares(seen: NDArray[np.int64], pairs: NDArray[np.int64], place: NDArray[np.integer]) -> NDArray[np.float64]:
    """Share of pairs that are visible, by place: numbers from 0, one for each entry of `seen` and `pairs`."""
    return np.bincount(place, seen) / np.bincount(place, pairs)


def _relays(head: HeadPattern) -> HeadPattern:
    """The head without keys at which paths end: the first tokens of a causal pattern see no others themselves."""
    if not head.causal:
        return head
    return replace(head, attend=tuple(primitive for primitive in head.attend if not isinstance(primitive, Global)))


def _num_columns(mask: Flags, causal: bool) -> int:
    """Keys of the first half that all queries see; towards the end of a causal pattern few queries see any key."""
    half = len(mask) // 2
    possible = len(mask) - np.arange(half) if causal else np.full(half, len(mask))
    return int((mask[:, :half].sum(axis=0) == possible).sum())


def _seen_by_distance(mask: Flags, causal: bool) -> NDArray[np.int64]:
    """Visible pairs at every distance of `pairs_by_distance`."""
    n = len(mask)
    padded = np.zeros((n, 2 * n), dtype=np.uint8)
    padded[:, :n] = mask[:, ::-1]
    # Cutting each row one shorter moves it by one against the row above: diagonals become columns.
    diagonals = padded.reshape(-1)[: n * (2 * n - 1)].reshape(n, 2 * n - 1).sum(axis=0, dtype=np.int64)
    seen: NDArray[np.int64] = np.roll(diagonals, 1 - n)[: n if causal else 2 * n - 1]
    return seen
