"""A decision of a study's scheduler: a line of decisions.jsonl."""

from nas.results.codec import Value


class Decision(Value, frozen=True, kw_only=True):
    """Which trials the scheduler chose at one moment of a search.

    Args:
        past: hash of all that had happened in the search by then, 32 hexadecimal digits.
        trials: their numbers: those to promote, best first, or those forecast to be on the front.
        agreements: tau-b of each rung with the next one, by which trials were promoted; None where it was unknown.
            Empty if no rungs were compared.
    """

    past: str
    trials: tuple[int, ...]
    agreements: tuple[float | None, ...] = ()
