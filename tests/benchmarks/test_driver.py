"""A replayed study is timed by part, and no part is timed twice."""

from dataclasses import replace
from pathlib import Path

import pytest
from driver import PARTS, Stopwatch, run

from nas.config.load import load_settings
from nas.results.study import StudyReader
from nas.search.problem.problem import make_problem


def test_every_part_of_a_study_is_timed(tmp_path: Path) -> None:
    (settings,) = load_settings(["preset=smoke", "tracking=none", "device=cpu"])
    settings = replace(settings, num_trials=2)
    first, again = (run(settings, make_problem(settings), tmp_path / "study") for _ in range(2))
    assert set(first.seconds) == {*PARTS, "rest"} and min(first.seconds.values()) > 0
    assert first.fsyncs > again.fsyncs > 0
    assert len(StudyReader(tmp_path / "study").trials()) == sum(StudyReader(tmp_path / "study").front().trials.values())


def test_time_counts_for_the_innermost_part(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1.0, 3.0, 7.0, 15.0])
    monkeypatch.setattr("driver.time.process_time", lambda: next(clock))
    watch = Stopwatch(_since=0.0)
    for part in ("ask", "folder"):
        watch.enter(part)
    for _ in range(2):
        watch.leave()
    assert dict(watch.seconds) == {"rest": 1.0, "ask": 2.0 + 8.0, "folder": 4.0}
