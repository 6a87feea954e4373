import gc

import pytest

from nas.search.garbage import NEW_OBJECTS, collected_seldom


def test_the_collector_is_as_before_whatever_happens() -> None:
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), collected_seldom():
        assert gc.get_threshold() == (NEW_OBJECTS, *before[1:]) and gc.isenabled()
        raise ZeroDivisionError
    assert gc.get_threshold() == before


def test_cycles_are_still_collected() -> None:
    """Training that runs in this process leaves some."""
    with collected_seldom():
        gc.collect()
        first = gc.get_stats()[0]["collections"]
        kept: list[object] = [[] for _ in range(2 * NEW_OBJECTS)]
        assert kept and gc.get_stats()[0]["collections"] > first
