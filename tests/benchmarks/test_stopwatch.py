"""No part of a process is timed twice."""

import inspect

import pytest
from stopwatch import Stopwatch


class Owner:
    def method(self, number: int) -> int:
        """Twice the number."""
        return 2 * number


def test_time_counts_for_the_innermost_part(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1.0, 3.0, 7.0, 15.0])
    monkeypatch.setattr("stopwatch.time.process_time", lambda: next(clock))
    watch = Stopwatch({}, _since=0.0)
    for part in ("ask", "folder"):
        watch.enter(part)
    for _ in range(2):
        watch.leave()
    assert dict(watch.seconds) == {"rest": 1.0, "ask": 2.0 + 8.0, "folder": 4.0}


def test_a_part_keeps_its_signature_and_its_result_and_is_left_as_it_was() -> None:
    before, watch = Owner.method, Stopwatch({"own": ((Owner, ("method",)),)})
    with watch.watching():
        assert Owner.method is not before
        assert inspect.signature(Owner.method) == inspect.signature(before)
        assert Owner().method(3) == 6
    assert Owner.method is before and watch.seconds["own"] > 0
