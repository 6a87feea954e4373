"""What a search had reached at what cost."""

import math

from search_methods.search import at, cost_of


def test_what_is_reached_must_be_kept() -> None:
    curve = [(1.0, 0.2), (2.0, 0.96), (3.0, 0.9), (4.0, 0.97), (5.0, 0.99)]
    assert [at(curve, spent) for spent in (0.5, 1.0, 2.5, 9.0)] == [0.0, 0.2, 0.96, 0.99]
    assert cost_of(curve, 0.95) == 4.0 and cost_of(curve, 0.9) == 2.0
    assert math.isinf(cost_of(curve, 0.995))
