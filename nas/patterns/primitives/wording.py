"""Numbers in the words that primitives say of themselves: `1,024 keys`, `2nd`."""


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 key`, `1,024 keys`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `1,024th`."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def leading(number: int, noun: str) -> str:
    """So many from one end: `token`, `4 tokens`."""
    return noun if number == 1 else counted(number, noun)
