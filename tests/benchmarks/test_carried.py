"""The space of patterns that a larger table has, carried down by both rules."""

from carried import CHOSEN, LARGER, OTHER, SHIPPED, Carried, small_forms

from nas.ground_truth.file import read_table
from nas.patterns.label import label
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape

SMALL = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True)


def test_what_the_spaces_of_both_lengths_have_in_common_is_in_the_shipped_table() -> None:
    """So CHOSEN is how the same choice differs between the lengths, and no run is made twice."""
    shipped = {entry.pattern.id for entry in read_table(SHIPPED).plan.entries}
    assert {form.id for form in small_forms(SMALL).values()} <= shipped


def test_one_kind_of_size_is_carried_by_its_other_rule() -> None:
    name = next(name for name, form in small_forms(SMALL).items() if label(form).startswith("L0 2x w8+g4, 2x g4+s8"))
    assert label(small_forms(SMALL)[name]) == "L0 2x w8+g4, 2x g4+s8 | L1 2x w4+g4, 2x g4+s8"
    assert label(small_forms(SMALL, "window")[name]) == "L0 2x w16+g4, 2x g4+s8 | L1 2x w8+g4, 2x g4+s8"
    assert label(small_forms(SMALL, "first")[name]) == "L0 2x w8+g8, 2x g8+s8 | L1 2x w4+g8, 2x g8+s8"
    assert label(small_forms(SMALL, "stride")[name]) == "L0 2x w8+g4, 2x g4+s4 | L1 2x w4+g4, 2x g4+s4"


def test_both_rules_of_a_kind_are_compared() -> None:
    for kind, rules in OTHER.items():
        assert {getattr(rules, kind), getattr(CHOSEN, kind)} == {"share", "tokens"}


def test_patterns_that_are_shipped_are_not_drawn() -> None:
    shipped = {entry.pattern.id for entry in read_table(SHIPPED).plan.entries}
    drawn = {Carried().sample(RandomSuggester(seed), SMALL).id for seed in range(40)}
    assert len(drawn) > 10 and not drawn & shipped


def test_every_drawn_pattern_of_the_larger_tables_is_carried() -> None:
    entries = {entry.pattern.id for path in LARGER for entry in read_table(path).plan.entries if not entry.baseline}
    assert small_forms(SMALL).keys() == entries
