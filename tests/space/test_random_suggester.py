from collections import Counter

import pytest

from nas.errors import InputError
from nas.space.random_suggester import RandomSuggester


def test_the_same_seed_gives_the_same_values() -> None:
    one, other = RandomSuggester(7), RandomSuggester(7)
    for suggest in (one, other):
        suggest.choice("kind", ["a", "b", "c"])
        suggest.integer("width", 1, 1000, log=True)
        suggest.integer("depth", 0, 1000)
    assert one.params == other.params
    assert list(one.params) == ["kind", "width", "depth"]
    assert RandomSuggester(8).integer("depth", 0, 10**9) != RandomSuggester(7).integer("depth", 0, 10**9)


def test_a_name_keeps_its_value() -> None:
    suggest = RandomSuggester(0)
    assert len({suggest.integer("width", 0, 10**9) for _ in range(5)}) == 1
    assert len({suggest.choice("kind", range(1000)) for _ in range(5)}) == 1


def test_a_name_cannot_be_asked_for_in_two_ways() -> None:
    suggest = RandomSuggester(0)
    suggest.integer("width", 1, 8)
    suggest.choice("kind", ["a", "b"])
    for ask in (
        lambda: suggest.integer("width", 1, 16),
        lambda: suggest.integer("width", 1, 8, log=True),
        lambda: suggest.choice("kind", ["a", "c"]),
    ):
        with pytest.raises(InputError, match=r"^space parameter (width|kind): must be requested as before"):
            ask()


def test_logarithmic_draws_favour_small_numbers_and_reach_both_ends() -> None:
    drawn = Counter(RandomSuggester(seed).integer("width", 1, 8, log=True) for seed in range(2000))
    assert set(drawn) == set(range(1, 9))
    assert drawn[1] > drawn[2] > drawn[4] > drawn[8]


def test_plain_draws_favour_none() -> None:
    drawn = Counter(RandomSuggester(seed).integer("width", 1, 4) for seed in range(2000))
    assert set(drawn) == {1, 2, 3, 4}
    assert max(drawn.values()) < 1.3 * min(drawn.values())
