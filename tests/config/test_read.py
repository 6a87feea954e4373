"""Plain data as typed settings."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.config.read import read_settings
from nas.errors import InputError


@dataclass(kw_only=True)
class Round:
    name: str = "round"
    radius: float = 1.0


@dataclass(kw_only=True)
class Square:
    name: str = "square"
    sides: list[int] = field(default_factory=lambda: [1, 1])


@dataclass(kw_only=True)
class Settings:
    """`count` is required."""

    count: int
    title: str | None = None
    shape: Round | Square = field(default_factory=Round)
    other: Square | None = None
    more: list[Round | Square] = field(default_factory=list)


def read(**document: Any) -> Settings:
    return read_settings(Settings, {"count": 1} | document)


@settings(derandomize=True, deadline=None)
@given(
    st.integers(),
    st.none() | st.text(),
    st.builds(Round, radius=st.floats(allow_nan=False)) | st.builds(Square, sides=st.lists(st.integers())),
    st.none() | st.builds(Square),
)
def test_plain_data_reads_back_as_the_settings_that_it_came_from(
    count: int, title: str | None, shape: Round | Square, other: Square | None
) -> None:
    document = {"count": count, "title": title, "shape": vars(shape), "other": other and vars(other)}
    assert read_settings(Settings, document) == Settings(count=count, title=title, shape=shape, other=other)


def test_omitted_keys_take_their_defaults() -> None:
    assert read() == Settings(count=1)


def test_the_name_chooses_the_class() -> None:
    assert read(shape={"name": "square", "sides": [2]}).shape == Square(sides=[2])


def test_an_entry_of_a_list_is_a_name_or_a_mapping() -> None:
    assert read(more=["square", {"name": "round", "radius": 2}]).more == [Square(), Round(radius=2.0)]


def test_a_whole_number_becomes_a_float() -> None:
    shape = read(shape={"name": "round", "radius": 2}).shape
    assert isinstance(shape, Round) and isinstance(shape.radius, float)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([1], r"^configuration: must be a mapping of keys to values, got \[1\]"),
        ({}, r"^configuration: must have the key 'count'"),
        ({"count": 1, "cuont": 2}, r"^cuont: unknown key; allowed here: count, title"),
        ({"count": "1"}, r"^count: must be a whole number, got '1'"),
        ({"count": True}, r"^count: must be a whole number, got True"),
        ({"count": 1, "shape": {"name": "oval"}}, r"^shape\.name: unknown name; allowed: round, square, got 'oval'"),
        ({"count": 1, "shape": {"name": "round", "radius": "2"}}, r"^shape\.radius: must be a number, got '2'"),
        (
            {"count": 1, "shape": {"name": "square", "sides": 2}},
            r"^shape\.sides: must be a list.*sides=\[A,B,C\]",
        ),
        ({"count": 1, "shape": 3}, r"^shape: must be a mapping"),
        ({"count": 1, "more": "round"}, r"^more: must be a list of names"),
        ({"count": 1, "more": ["round", 3]}, r"^more\[1\]: must be a name, or a mapping with a name, got 3"),
        ({"count": 1, "more": [{"name": "round", "raduis": 3}]}, r"^more\[0\]\.raduis: unknown key"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(document: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_settings(Settings, document)
