"""A row of small bars, one letter each, for numbers that grow."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(shares: Sequence[float], width: int) -> str:
    """Numbers from 0 to 1 as bars; of more numbers than columns, each bar is the last of its part.

    Args:
        shares: the numbers.
        width: most columns.
    """
    num_bars = min(width, len(shares))
    shown = [shares[(place + 1) * len(shares) // num_bars - 1] for place in range(num_bars)]
    return "".join(_BARS[round(min(1.0, max(0.0, share)) * (len(_BARS) - 1))] for share in shown)
