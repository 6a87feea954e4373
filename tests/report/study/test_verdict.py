"""What won, and by how much, in sentences from the front alone."""

from msgspec.structs import replace

from nas.patterns.primitives.scale import CarryRules
from nas.report.study.verdict import against_baselines, best_compromise, headline, searched, worth_in_table
from tests.fronts import (
    make_agreement,
    make_baseline,
    make_checkpoint_front,
    make_fidelity,
    make_front,
    make_point,
    make_target_front,
)


def test_every_quality_is_compared_not_the_first_alone() -> None:
    front = make_checkpoint_front()
    best = best_compromise(front)
    assert best is not None
    text, needle = best.values["quality_text"], best.values["quality_needle"]
    assert f"text {text:.3f} bits per byte and needle {needle:.3f} (share of value tokens)" in headline(front)
    full = next(one for one in front.baselines if one.baseline == "full")
    [sentence, *_] = against_baselines(front, best)
    lost = full.values["quality_needle"] - needle
    word = "worse" if lost > 0 else "better"
    assert f"needle {word} by {abs(lost):.3f} (share of value tokens)" in sentence if lost else "the same needle"


def test_a_target_is_named_with_its_length_where_patterns_are_carried_to_it() -> None:
    front = make_target_front()
    assert " tokens, compared by " in searched(front)
    carried = replace(front.provenance, target="llama", pattern_tokens=32768, carry=CarryRules())
    assert ", for llama at 32,768 tokens, compared by " in searched(replace(front, provenance=carried))


def test_a_baseline_that_wins_is_not_compared_with_itself() -> None:
    best = replace(make_point(4, 2.1, 0.8, 0.8), baseline="bigbird")
    baselines = (make_baseline(0, 2.4), make_baseline(4, 2.1, 0.8, 0.8, baseline="bigbird"))
    front = make_front(points=(best,), baselines=baselines)
    assert headline(front).startswith("The baseline bigbird (trial 4) is the best compromise")
    [sentence] = against_baselines(front, best)
    assert sentence.startswith("Against full attention (trial 0)")


def test_a_worth_in_a_table_has_no_unit_but_that_of_its_cost() -> None:
    front = make_front()
    [quality, flops, *_] = front.objectives
    cell = worth_in_table(front.points[0], quality)
    assert quality.unit not in cell and "±" in cell
    assert worth_in_table(front.points[0], flops).endswith("x)")


def test_what_won_is_not_said_without_the_doubt_where_the_ranking_may_be_chance() -> None:
    poor = make_front(fidelity=make_fidelity(agreement=make_agreement(low=-0.1)))
    assert headline(poor).endswith("; but this ranking may be chance.")
    assert "chance" not in headline(make_front(fidelity=make_fidelity()))


def test_an_empty_front_has_no_best() -> None:
    assert best_compromise(make_front(points=())) is None
