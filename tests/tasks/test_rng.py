"""Random numbers are a pure function of (seed, stream, step), and fair."""

from itertools import islice, permutations

import numpy as np
import pytest

from nas.tasks.rng import Rng, Stream


def rng(step: int = 0) -> Rng:
    return Rng(7, Stream.TRAIN, step)


def test_the_same_arguments_give_the_same_numbers_and_any_other_gives_others() -> None:
    base = Rng(1, Stream.TRAIN, 2).integers(2**40, 50)
    assert (base == Rng(1, Stream.TRAIN, 2).integers(2**40, 50)).all()
    for other in (Rng(2, Stream.TRAIN, 2), Rng(1, Stream.VALIDATION, 2), Rng(1, Stream.TRAIN, 3)):
        assert not np.isin(base, other.integers(2**40, 50)).any()


def test_the_numbers_are_the_same_on_every_machine() -> None:
    # Taken once and written down: if they change, every study's data changes.
    assert Rng(1, Stream.TRAIN, 2).integers(1000, 4).tolist() == [630, 315, 263, 76]


def test_integers_fill_their_range_evenly() -> None:
    counts = np.bincount(rng().integers(10, 20_000), minlength=10)
    assert len(counts) == 10
    assert np.abs(counts - 2000).max() < 200  # 4.7 standard deviations


def test_uniform_numbers_stay_inside_the_open_interval() -> None:
    numbers = rng().uniform(100, 100)
    assert numbers.shape == (100, 100)
    assert 0 < numbers.min() < 0.001 and 0.999 < numbers.max() < 1
    assert numbers.mean() == pytest.approx(0.5, abs=0.01)


def test_endless_numbers_are_those_of_one_long_draw() -> None:
    assert list(islice(rng().numbers(), 3000)) == rng().uniform(3000).tolist()


@pytest.mark.parametrize("bits", [0, 2**64 - 1])
def test_not_even_the_extreme_bits_give_zero_or_one(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rng, "_raw", lambda self, shape: np.full(shape, bits, dtype=np.uint64))
    assert 0 < rng().uniform(1)[0] < 1


@pytest.mark.parametrize(("bound", "count"), [(9, 9), (9, 4), (1, 1)])
def test_distinct_rows_hold_no_number_twice(bound: int, count: int) -> None:
    rows = rng().distinct(bound, count, 200)
    assert rows.shape == (200, count)
    assert rows.min() == 0 and rows.max() == bound - 1
    assert all(len(set(row)) == count for row in rows.tolist())


def test_every_order_of_distinct_numbers_is_equally_likely() -> None:
    rows = [tuple(row) for row in rng().distinct(4, 2, 24_000).tolist()]
    for pair in permutations(range(4), 2):
        assert rows.count(pair) == pytest.approx(2000, abs=200)  # 4.7 standard deviations


def test_weighted_numbers_come_as_if_drawn_one_after_the_other() -> None:
    weights = np.array([0.5, 0.3, 0.15, 0.05])
    rows = [tuple(row) for row in rng().distinct_weighted(weights, 2, 40_000).tolist()]
    for first, second in permutations(range(4), 2):
        expected = weights[first] * weights[second] / (1 - weights[first])
        assert rows.count((first, second)) / 40_000 == pytest.approx(expected, abs=0.012)
