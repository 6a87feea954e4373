import math
from typing import Any

import pytest

from nas.errors import InputError
from nas.ranges import check_range

RANGES: list[tuple[dict[str, Any], str, list[float], list[float]]] = [
    # bounds, in words, inside, outside
    ({"least": 1}, "must be 1 or more", [1, 10**400, math.inf], [0, -math.inf, math.nan]),
    ({"least": 0, "most": 4096}, "must be from 0 to 4,096", [0, 4096], [-1, 4097, math.nan]),
    ({"above": 0, "below": math.inf}, "must be above 0 and finite", [1e-300, 10**400], [0, math.inf, math.nan]),
    ({"least": 0, "below": math.inf}, "must be 0 or more and finite", [0, 1e300], [-1e-300, math.inf]),
    ({"above": 0, "most": 1}, "must be above 0 and at most 1", [1e-300, 1], [0, 1.1, math.nan]),
    ({"least": 0, "below": 1}, "must be 0 or more and below 1", [0, 0.99], [-0.1, 1]),
    ({"above": 0, "below": 1}, "must be above 0 and below 1", [0.5], [0, 1]),
    ({"most": 2**20}, "must be at most 1,048,576", [-5, 2**20], [2**20 + 1]),
]


@pytest.mark.parametrize(("bounds", "words", "inside", "outside"), RANGES, ids=[row[1] for row in RANGES])
def test_a_number_outside_is_refused_with_the_range_in_words(
    bounds: dict[str, Any], words: str, inside: list[float], outside: list[float]
) -> None:
    for value in inside:
        check_range("a.b", value, **bounds)
    for value in outside:
        with pytest.raises(InputError) as raised:
            check_range("a.b", value, **bounds)
        assert str(raised.value) == f"a.b: {words}, got {value}."


def test_the_remedy_stands_at_the_end() -> None:
    with pytest.raises(InputError, match=r"^a: must be 2 or more, got 1\. Raise it\.$"):
        check_range("a", 1, least=2, remedy="Raise it.")
