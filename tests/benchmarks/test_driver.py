"""A replayed study is timed by part, and no part is timed twice."""

from dataclasses import replace
from pathlib import Path

from driver import PARTS, run

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
