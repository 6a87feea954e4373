"""Quantities for people: numbers with units, counts and shares."""

_PREFIXES = {"FLOP": (1000, ("", "k", "M", "G", "T", "P", "E")), "bytes": (1024, ("", "Ki", "Mi", "Gi", "Ti", "Pi"))}
_SHORT = {"bytes": "B"}


def format_quantity(value: float, unit: str) -> str:
    """`1.2 GFLOP`, `3.4 MiB`, `512 bytes`, `52,000 parameters`, `2.31 bits per byte`.

    Args:
        value: the number, in `unit`.
        unit: FLOP has decimal prefixes, bytes binary ones; parameters are written out; with any other unit the
            number has four significant digits.
    """
    if unit == "parameters":
        return f"{value:,.0f} {unit}"
    if unit not in _PREFIXES:
        return with_unit(f"{value:.4g}", unit)
    base, prefixes = _PREFIXES[unit]
    place = 0
    while abs(float(_three_digits(value))) >= base and place < len(prefixes) - 1:
        value, place = value / base, place + 1
    prefix = prefixes[place]
    return f"{_three_digits(value)} {prefix}{_SHORT.get(unit, unit) if prefix else unit}"


def with_unit(number: str, unit: str) -> str:
    """`2.31 bits per byte`; `0.94 (share of value tokens)`, where the unit is a phrase."""
    return f"{number} ({unit})" if " of " in unit else f"{number} {unit}"


def format_count(number: int, noun: str) -> str:
    """`1 trial`, `12 trials`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def format_ratio(ratio: float) -> str:
    """A share of full attention's cost: `0.42x`."""
    return f"{ratio:.2f}x" if ratio >= 0.1 else f"{ratio:.2g}x"


def format_probability(probability: float) -> str:
    """`83%`; `over 99%` and `under 1%` where rounding would claim to be certain."""
    if probability > 0.995:
        return "over 99%"
    return "under 1%" if probability < 0.005 else f"{probability:.0%}"


def format_seconds(seconds: float) -> str:
    """`12.3 s`, `4 min 5 s`, `2 h 3 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _three_digits(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"
