from typing import Any, Literal, Optional

import pytest

from nas.space.option_types import describe, fits


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, int),
        (1, float),
        (1.5, float),
        (True, bool),
        ("a", str),
        (None, int | None),
        (None, Optional[int]),  # noqa: UP045 - users write it
        ([1, 2], list[int]),
        ([], list[str]),
        ([[1], [2]], list[list[int]]),
        ([1, "a"], list[int | str]),
        ("a", Literal["a", "b"]),
        ({"a": 1}, dict[str, int]),
        (object(), Any),
    ],
)
def test_values_that_fit(value: object, hint: Any) -> None:
    assert fits(value, hint)


@pytest.mark.parametrize(
    ("value", "hint", "words"),
    [
        (True, int, "a whole number"),
        (1.0, int, "a whole number"),
        (True, float, "a number"),
        (1, bool, "true or false"),
        (1, str, "text"),
        (1, list[int], "a list of whole numbers"),
        ([True], list[int] | None, "a list of whole numbers or null"),
        ([0.5], list[int | None], "a list of whole numbers or nulls"),
        (["1"], list[float], "a list of numbers"),
        ((1,), list[int], "a list of whole numbers"),
        (True, Literal[1, 2], "one of 1, 2"),
        ("c", Literal["a", "b"], "one of 'a', 'b'"),
        ([1], list[list[str]], "a list of a list of texts"),
        ([1], dict[str, int], "dict"),
    ],
)
def test_values_that_do_not_fit_are_told_in_words(value: object, hint: Any, words: str) -> None:
    assert not fits(value, hint)
    assert describe(hint) == words
