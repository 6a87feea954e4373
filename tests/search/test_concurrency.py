"""How trials are shared among workers, and how many are asked before any is known."""

import pytest

from nas.search.concurrency import ROUNDS, Concurrency, choose_concurrency
from nas.search.settings import StudySettings


@pytest.mark.parametrize(
    ("num_trials", "num_workers", "shares"),
    [
        (8, 2, [4, 4]),
        (7, 2, [4, 3]),
        (13, 2, [4, 4, 3, 2]),
        (3, 2, [2, 1]),
        (2, 4, [1, 1]),
        (1, 1, [1]),
    ],
)
def test_free_workers_get_nearly_equal_shares(num_trials: int, num_workers: int, shares: list[int]) -> None:
    concurrency = Concurrency(num_workers=num_workers, cohort_size=4, asked_at_once=4)
    found: list[int] = []
    while rest := num_trials - sum(found):
        found.append(concurrency.share(rest, num_workers - len(found) % num_workers))
    assert found == shares


def test_few_trials_are_asked_a_few_at_a_time() -> None:
    for num_trials, asked in [(3, 1), (2 * ROUNDS, 2), (100 * ROUNDS, 4)]:
        found = choose_concurrency(StudySettings(num_trials=num_trials), ["cpu"] * 2)
        assert found == Concurrency(num_workers=2, cohort_size=4, asked_at_once=asked)
