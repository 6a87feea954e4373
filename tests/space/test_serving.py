"""What spaces may offer where every pattern must be servable."""

from dataclasses import replace

import pytest

from nas.errors import InputError
from nas.patterns.serving import ServingRules
from nas.space.choices import Scope
from nas.space.random_suggester import RandomSuggester
from nas.space.serving import full_layers, servable, serving_rules, size_scope
from nas.space.space import Shape

SHAPE = Shape(num_layers=3, num_heads=4, num_tokens=64, causal=True)


def test_without_targets_everything_may_differ():
    assert serving_rules(SHAPE) == ServingRules(first_tokens=True, heads_differ=True, sizes_differ=True)


def test_options_that_are_not_allowed_are_not_offered():
    assert servable("num_sinks", [0, 4], lambda count: not count, "0") == [0]
    with pytest.raises(
        InputError, match=r"^space\.options\.num_sinks: must hold 0, got \[4\]\. Or change deployable_by"
    ):
        servable("num_sinks", [4], lambda count: not count, "0")


@pytest.mark.parametrize(("differ", "prefix"), [(True, "layer1"), (False, "layers")])
def test_sizes_are_drawn_where_they_may_differ(differ, prefix):
    suggest, shape = RandomSuggester(0), replace(SHAPE, serving=ServingRules(sizes_differ=differ))
    assert size_scope(suggest, Scope("layer1", suggest), shape) == Scope(prefix, suggest)


@pytest.mark.parametrize("least", [0, 1, 2, 3])
def test_all_choices_of_full_layers_that_are_allowed_are_drawn_and_no_other(least):
    shape = replace(SHAPE, serving=ServingRules(least_full=least))
    drawn = {tuple(full_layers(RandomSuggester(seed), shape)) for seed in range(200)}
    every = {(a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)}
    assert drawn == {chosen for chosen in every if sum(chosen) >= least}
