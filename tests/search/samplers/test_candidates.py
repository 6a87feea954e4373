from typing import Any

import pytest

from nas.errors import InputError, PatternError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import MaskPrimitive, Stride, Window
from nas.search.modelling.features import pattern_features
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.candidates import MOST_CHANGED, CandidateSuggester, draw_candidates
from nas.search.samplers.parameters import Params, choice_parameter, integer_parameter

WIDTHS = [4, 8, 16, 32]
BASE: Params = {"window": 2, "second": "stride", "every": 5, "heads": 3}


def sample(suggest):
    """Asks for numbers, words, and for one thing that depends on another; a stride of 7 makes no pattern."""
    union: tuple[MaskPrimitive, ...] = (Window(suggest.choice("window", WIDTHS) - 1),)
    if suggest.choice("second", ["none", "stride"]) == "stride":
        every = suggest.integer("every", 2, 9, log=True)
        if every == 7:
            raise PatternError("every", "must not be 7", every)
        union = (*union, Stride(every))
    return ModelPattern.of([(HeadGroup(suggest.integer("heads", 1, 8), union),)])


VIEW = SpaceView(
    sample=sample,
    costs=lambda pattern: (pattern.num_heads / 8,),
    over_budget=lambda pattern: pattern.num_heads > 6,
    identity=lambda pattern: pattern.id,
    features=lambda patterns: pattern_features(patterns, 64),
    expected=None,
    rungs=(100,),
)


def test_what_is_not_changed_stays():
    suggester = CandidateSuggester(0, BASE, [])
    assert sample(suggester) == ModelPattern.of([(HeadGroup(3, (Window(15), Stride(5))),)])
    assert suggester.params == BASE
    assert suggester.parameters == {
        "window": choice_parameter("window", WIDTHS),
        "second": choice_parameter("second", ["none", "stride"]),
        "every": integer_parameter(2, 9, log=True),
        "heads": integer_parameter(1, 8, log=False),
    }


def test_what_is_changed_moves_to_neighbours_or_anywhere():
    drawn = [CandidateSuggester(seed, BASE, ["window"]) for seed in range(60)]
    windows = [WIDTHS.index(suggester.choice("window", WIDTHS)) for suggester in drawn]  # type: ignore[arg-type]
    assert set(windows) == {0, 1, 2, 3}
    assert sum(abs(window - 2) == 1 for window in windows) > 30
    assert {suggester.choice("second", ["none", "stride"]) for suggester in drawn} == {"stride"}


def test_what_a_known_trial_lacks_is_drawn():
    base: Params = {"window": 2, "second": "none", "heads": 3}
    changed = [CandidateSuggester(seed, base, ["second"]) for seed in range(40)]
    asked: set[Any] = set()
    for suggester in changed:
        try:
            sample(suggester)
        except PatternError:
            continue
        asked |= suggester.params.keys()
    assert "every" in asked


@pytest.mark.parametrize("value", [9, "wide", None, True])
def test_a_known_value_that_is_no_longer_offered_is_drawn_anew(value):
    suggester = CandidateSuggester(0, {"window": value}, [])
    assert suggester.choice("window", WIDTHS) in WIDTHS
    assert suggester.choice("window", WIDTHS) == suggester.choice("window", WIDTHS)
    with pytest.raises(InputError, match=r"^space parameter window: must be requested as before"):
        suggester.choice("window", [1, 2])


def test_candidates_are_new_possible_distinct_and_within_budget():
    known = ModelPattern.of([(HeadGroup(3, (Window(15), Stride(5))),)])
    found = draw_candidates(VIEW, [BASE], {known.id}, 60, 120, seed=0)
    ids = [candidate.pattern.id for candidate in found]
    assert 40 < len(found) <= 60 and len(set(ids)) == len(ids) and known.id not in ids
    for candidate in found:
        assert candidate.pattern.num_heads <= 6
        assert candidate.costs == VIEW.costs(candidate.pattern)
        assert sample(CandidateSuggester(0, candidate.params, [])) == candidate.pattern
    near = [sum(candidate.params.get(name) != value for name, value in BASE.items()) for candidate in found]
    assert sum(changes <= MOST_CHANGED for changes in near) > 20


def test_candidates_are_a_function_of_the_seed():
    drawn = [draw_candidates(VIEW, [BASE], set(), 20, 40, seed) for seed in (0, 0, 1)]
    ids = [[candidate.pattern.id for candidate in found] for found in drawn]
    assert ids[0] == ids[1] != ids[2]


def test_a_space_that_is_used_up_has_no_candidates():
    every = {candidate.pattern.id for candidate in draw_candidates(VIEW, [], set(), 999, 2000, seed=0)}
    assert draw_candidates(VIEW, [], every, 20, 100, seed=1) == []
