import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.config.overrides import expand, quoted
from nas.errors import InputError

CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.text(CHARACTERS, max_size=12) | st.text("\\'\"a,=[]{}$#~ ", max_size=8))
def test_quoted_text_reads_back_as_it_stands(text: str) -> None:
    assert OverridesParser.create().parse_override(f"key={quoted(text)}").value() == text


def overrides(*words: str) -> list[tuple[str, ...]]:
    return [one.overrides for one in expand(words, multirun=True)]


def test_single_settings_are_forced_and_choices_are_not() -> None:
    assert overrides("seed=3", "task=recall") == [("++seed=3", "task=recall")]


def test_a_class_becomes_a_choice_and_its_attribute() -> None:
    (translated,) = overrides("space=pkg.module:Space")
    assert translated[-1] == "++space.attribute='pkg.module:Space'"


def test_a_mapping_for_a_space_is_no_class() -> None:
    with pytest.raises(InputError, match="unknown choice"):
        overrides("space={attribute: a:B}")


def test_labels_hold_what_differs_and_fit_a_file_name() -> None:
    requested = expand(["num_trials=5", "space.options.width=[8,16],[32]", "sampler=gp,tpe"], multirun=True)
    assert [one.label for one in requested] == [
        "width-8-16-sampler-gp",
        "width-8-16-sampler-tpe",
        "width-32-sampler-gp",
        "width-32-sampler-tpe",
    ]
