"""How trials are shared among workers, and how many are asked before any is known."""

import pytest

from nas.search.concurrency import Concurrency, choose_concurrency
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
    concurrency = Concurrency(num_workers=num_workers, cohort_size=4)
    found: list[int] = []
    while rest := num_trials - sum(found):
        found.append(concurrency.share(rest, num_workers - len(found) % num_workers))
    assert found == shares


def test_rounds_grow_with_what_is_known_up_to_a_cohort() -> None:
    gpu = choose_concurrency(StudySettings(), ["cuda:0"])
    assert [gpu.asked_at_once(known) for known in (0, 7, 8, 12, 24, 32, 1000)] == [4, 4, 4, 6, 12, 16, 16]
    cpu = choose_concurrency(StudySettings(), ["cpu"] * 2)
    assert cpu == Concurrency(num_workers=2, cohort_size=4)
    assert {cpu.asked_at_once(known) for known in range(100)} == {4}
    assert Concurrency(num_workers=2, cohort_size=1).asked_at_once(100) == 1
