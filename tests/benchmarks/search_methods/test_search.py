"""What a search had reached at what cost."""

import math

from search_methods.search import Chosen, Search, at, cost_of, interval, median_interval


def test_what_is_reached_must_be_kept() -> None:
    curve = [(1.0, 0.2), (2.0, 0.96), (3.0, 0.9), (4.0, 0.97), (5.0, 0.99)]
    assert [at(curve, spent) for spent in (0.5, 1.0, 2.5, 9.0)] == [0.0, 0.2, 0.96, 0.99]
    assert cost_of(curve, 0.95) == 4.0 and cost_of(curve, 0.9) == 2.0
    assert math.isinf(cost_of(curve, 0.995))


def test_choices_are_judged_as_they_were_made() -> None:
    search = Search((Chosen(1.0, ("a",)), Chosen(2.0, ("a", "b"))), None, cpu_seconds=3.0)
    assert search.curve(lambda ids: len(ids) / 2) == [(1.0, 0.5), (2.0, 1.0)]
    assert search.num_chosen == (1, 2)
    assert search == Search(search.moments, None, cpu_seconds=4.0)  # the machine's time is no part of what was found


def test_intervals_hold_the_statistic() -> None:
    values = [1.0, 2.0, 4.0, 8.0]
    mean, low, high = interval(values)
    assert mean == 3.75 and 1 <= low < mean < high <= 8
    assert median_interval([3.0]) == (3.0, 3.0, 3.0)


def test_what_half_of_the_searches_do_not_reach_has_no_median() -> None:
    middle, low, high = median_interval([1.0, 2.0, 3.0, 4.0, math.inf])
    assert (middle, high) == (3.0, math.inf) and low < 3
    assert math.isinf(median_interval([1.0, math.inf])[0])
