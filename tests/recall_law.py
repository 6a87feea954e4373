"""The window law: how much recall a single window can do."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nas.tasks.synthetic.recall import GAP_POWER, gap_weights

BASED_SLICES = ((64, 4), (64, 8), (64, 16), (128, 32), (256, 64), (512, 128), (1024, 256))
"""The (num_tokens, num_pairs) of the test set of Based (Arora et al. 2024), equally many sequences of each."""


def window_law(num_tokens: int, num_pairs: int, window: int, gap_power: float = GAP_POWER) -> float:
    """Expected share of recall queries whose value lies within a causal window.

    One attention layer of that window behind a one-token shift answers exactly these, and guesses the rest.
    Pair j (from 0) has its value at position 2j + 1 and, with gap g, its query at 2D + 2g: the value is seen
    from there if 2D + 2g - (2j + 1) <= window. What is left is the chance that the gap drawn as number j is small
    enough (`order_distribution`).

    Args:
        num_tokens: sequence length n, in tokens.
        num_pairs: pairs D of a sequence.
        window: earlier keys that a query sees besides itself (`before` of a window primitive).
        gap_power: exponent a of the gap law.

    Returns:
        A share, 0 to 1.
    """
    largest_gap = (window + 2 * np.arange(num_pairs) + 1 - 2 * num_pairs) // 2
    order = order_distribution(num_tokens, num_pairs, gap_power)
    within = np.arange(len(order))[:, None] <= largest_gap[None, :]
    return float((order * within).sum() / num_pairs)


@lru_cache(maxsize=32)
def order_distribution(num_tokens: int, num_pairs: int, gap_power: float = GAP_POWER) -> NDArray[np.float64]:
    """P(gap g is the j-th drawn), shape (gaps, num_pairs); every column sums to 1.

    Drawing without replacement is a race of independent exponential clocks with the gaps' weights w as rates
    (Efraimidis and Spirakis 2006): gap g comes j-th if it rings at t while j - 1 of the others have rung. With
    q_i(t) = 1 - exp(-w_i t), the number of others is a sum of independent coins, so that
    P = integral of w_g exp(-w_g t) P(sum of coins i != g is j - 1) dt,
    taken by the trapezoid rule in log t, whose error vanishes faster than any power of the step here.
    """
    weights = gap_weights(num_tokens, num_pairs, gap_power)
    order = np.zeros((len(weights), num_pairs))
    step = min(0.1, 0.5 / np.sqrt(num_pairs))  # the j-th of D rings within a band of width about 1 / sqrt(j) in log t
    log_times = np.arange(np.log(1e-10), np.log(50 / weights.min()), step)
    for times in np.array_split(np.exp(log_times), max(1, len(log_times) // 16)):
        rung = -np.expm1(-weights * times[:, None])
        density = weights * times[:, None] * (1 - rung)
        order += step * np.einsum("tg,tgj->gj", density, _others_rung(rung, num_pairs))
    order.flags.writeable = False  # it is shared by every caller
    return order


def _others_rung(rung: NDArray[np.float64], num_counts: int) -> NDArray[np.float64]:
    """P(k of the other coins show heads) for k < num_counts, shape (times, coins, num_counts)."""
    num_times, num_coins = rung.shape
    total = np.zeros((num_times, num_coins + 1))
    total[:, 0] = 1
    for coin in range(num_coins):
        heads = rung[:, coin, None]
        total[:, 1:] = total[:, 1:] * (1 - heads) + total[:, :-1] * heads
        total[:, 0] *= 1 - heads[:, 0]
    return _without_each(total, rung)[:, :, :num_counts]


def _without_each(total: NDArray[np.float64], rung: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take each coin out of the distribution of the total: the factor (1 - q) + q z divided out.

    Dividing from the low end multiplies rounding errors by q / (1 - q), from the high end by its inverse: each
    coin is divided out from the end where they shrink.
    """
    num_times, num_coins = rung.shape
    rare, common = np.minimum(rung, 0.5), np.maximum(rung, 0.5)
    from_low = np.zeros((num_coins, num_times, num_coins))
    from_high = np.zeros((num_coins, num_times, num_coins))
    low = high = np.zeros((num_times, num_coins))
    for count in range(num_coins):
        low = from_low[count] = (total[:, count, None] - rare * low) / (1 - rare)
        high = from_high[-1 - count] = (total[:, num_coins - count, None] - (1 - common) * high) / common
    return np.where(rung < 0.5, from_low, from_high).transpose(1, 2, 0)
