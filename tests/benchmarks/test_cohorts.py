"""The rounds of a search in which several trials are proposed at once."""

from typing import Any

from cohorts import MOST, Rounds


def sizes(num_trials: int, **rule: Any) -> list[int]:
    """The rounds of a search whose trials are all known before the next round."""
    rounds = Rounds(num_workers=1, cohort_size=MOST, num_trials=num_trials, **rule)
    found: list[int] = []
    while (known := sum(found)) < num_trials:
        found.append(min(rounds.asked_at_once(known), num_trials - known))
    return found


def test_rounds_of_one_size() -> None:
    assert sizes(24) == [16, 8]


def test_rounds_that_grow_with_what_is_known() -> None:
    assert sizes(24, known=0.5) == [4, 4, 4, 6, 6]
    assert max(sizes(100, known=0.5)) == MOST


def test_rounds_that_shrink_with_what_is_left() -> None:
    assert sizes(24, left=0.25) == [6, 4, 3, 2, 2] + [1] * 7
