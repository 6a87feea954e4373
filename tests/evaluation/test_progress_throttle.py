import pytest

from nas.evaluation import progress_throttle as throttle
from nas.evaluation.progress_throttle import ProgressThrottle


def test_news_go_out_at_the_start_and_at_the_end_and_seldom_between(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: now[0])  # type: ignore[attr-defined]
    told: list[tuple[int, int, int]] = []
    cohort = ProgressThrottle(2, 3, 10, lambda *progress: told.append(progress))
    assert told == [(0, 3, 10), (1, 3, 10)]
    for _ in range(7):
        now[0] += throttle.SECONDS_BETWEEN_NEWS / 3
        cohort.stepped()
    assert told[2:] == [(member, step, 10) for step in (6, 9, 10) for member in (0, 1)]


def test_news_for_nobody_are_no_mistake() -> None:
    ProgressThrottle(1, 0, 1, None).stepped()
