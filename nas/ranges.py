"""Ranges of numbers, and the error for a number outside its range."""

import math

from nas.errors import InputError

MOST_TOKENS = 2**24
"""Longest sequence whose pairs are counted, in tokens: some counts take tens of bytes per token."""
MOST_DRAWN_TOKENS = 2**17
"""Longest sequence that is drawn, in tokens: a picture takes seconds at this length, minutes at MOST_TOKENS."""


def check_range(
    where: str,
    value: float,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    remedy: str = "",
) -> None:
    """Refuse a number outside a range; NaN is outside every range.

    Args:
        where: the setting, dotted (`training.num_steps`).
        value: the number given.
        least: the smallest number allowed.
        above: the allowed numbers are larger than this one.
        most: the largest number allowed.
        below: the allowed numbers are smaller than this one; infinity asks for a finite number.
        remedy: what to do, as one sentence; empty where the range says it all.

    Raises:
        InputError: the number is outside.
    """
    inside = (
        (least is None or value >= least)
        and (above is None or value > above)
        and (most is None or value <= most)
        and (below is None or value < below)
    )
    if not inside:
        raise InputError(where, f"must be {_in_words(least, above, most, below)}", value, remedy)


def _in_words(least: float | None, above: float | None, most: float | None, below: float | None) -> str:
    if least is not None and most is not None:
        return f"from {least:,} to {most:,}"
    bounds = [
        f"{least:,} or more" if least is not None else "",
        f"above {above:,}" if above is not None else "",
        f"at most {most:,}" if most is not None else "",
        "finite" if below == math.inf else f"below {below:,}" if below is not None else "",
    ]
    return " and ".join(bound for bound in bounds if bound)


def check_num_tokens(num_tokens: object, where: str = "num_tokens", most: int = MOST_TOKENS) -> None:
    """Refuse a sequence length that cannot be counted, or drawn.

    Raises:
        InputError: it is not a whole number from 1 to `most`.
    """
    if not isinstance(num_tokens, int) or isinstance(num_tokens, bool) or not 1 <= num_tokens <= most:
        raise InputError(where, f"must be a whole number from 1 to {most}", num_tokens)
