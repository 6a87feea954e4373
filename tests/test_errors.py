"""Errors that a user can fix: one form of message."""

import pytest

from nas.errors import InputError, PatternError, StudyError, printable, unknown


def test_a_message_has_the_place_what_is_allowed_what_was_given_and_the_remedy() -> None:
    error = InputError("seed", "must be 0 or more", -4, "Count from 0.")
    assert str(error) == "seed: must be 0 or more, got -4. Count from 0."
    assert str(InputError("seed", "must be 0 or more", "a")) == "seed: must be 0 or more, got 'a'."


def test_a_message_is_one_printable_line_whatever_it_quotes() -> None:
    error = StudyError("a.json: unknown field `b\ufeff`\n\n  at line 3\x1b[2J")
    assert str(error) == "a.json: unknown field `b�` at line 3�[2J"


@pytest.mark.parametrize(
    ("inner", "whole"), [("before", "heads[0].before"), ("[1].before", "heads[0][1].before"), ("", "heads[0]")]
)
def test_a_container_prefixes_the_place_and_keeps_the_rest(inner: str, whole: str) -> None:
    outer = PatternError(inner, "must be 0 or more", -4, "Count.").inside("heads[0]")
    assert type(outer) is PatternError
    assert str(outer) == f"{whole}: must be 0 or more, got -4. Count."


def test_a_long_value_is_cut_and_a_deeply_nested_one_is_named() -> None:
    shown = str(InputError("a", "must be short", "x" * 500))
    assert shown.endswith("....") and len(shown) < 120
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert str(InputError("a", "must be flat", deep)) == "a: must be flat, got a deeply nested list."


def test_an_unknown_name_lists_the_options_and_the_nearest() -> None:
    error = unknown("sampler", "tp", ["gp", "tpe"], "sampler")
    assert str(error) == "sampler: unknown sampler; allowed: gp, tpe, got 'tp'. Did you mean 'tpe'?"
    assert str(unknown("x", "zzz", ["gp", "tpe"])) == "x: unknown name; allowed: gp, tpe, got 'zzz'."


@pytest.mark.parametrize("name", ["👩‍🚀", "👨‍👩‍👧", "🏳️‍🌈", "👩🏽‍🔬", "🏃‍♀️"])
def test_a_picture_made_of_several_stays_one(name: str) -> None:
    assert printable(f"run {name}") == f"run {name}"


@pytest.mark.parametrize("text", ["a\u200db", "\u200d👩", "👩\u200d", "👩\u200dx", "👩\u200d\u200d👩", "👩\u202e👩"])
def test_a_joiner_that_hides_between_letters_does_not(text: str) -> None:
    assert "\u200d" not in printable(text) and "�" in printable(text)


def test_what_would_act_on_a_terminal_is_replaced() -> None:
    assert printable("a\x1b[2Jb\x7f\n\ud800\u202eé 名") == "a�[2Jb����é 名"
