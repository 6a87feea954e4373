"""What a table says of its own ranking, before it shows it."""

from msgspec.structs import replace

from nas.report.fidelity import fidelity_lines
from nas.report.front_table import front_lines
from nas.results.fidelity import Move
from nas.results.front import InCheckpoint
from tests.fronts import make_fidelity, make_provenance


def judged(front, **more):
    return replace(front, fidelity=make_fidelity(**more))


def test_a_ranking_that_holds_says_how_well(front):
    assert fidelity_lines(judged(front)) == [
        "Quality: this ranking agrees at tau 0.87 (95% 0.47 to 1.00, by chance 0.01; seeds of the long runs agree at "
        "0.73) with that of 6 patterns (2 of them stopped by halving) after 4 times the training; "
        "its best choice loses 0.004 bits per byte."
    ]


def test_a_ranking_that_may_be_chance_says_that_first(front):
    poor = judged(
        front, tau=0.1, tau_low=-0.6, tau_high=0.8, chance=0.4, better_than_chance=False, tau_between_seeds=None
    )
    title, first, *_ = front_lines(poor)
    assert title.startswith("Pareto front of")
    assert first.startswith("Quality: THIS RANKING MAY BE CHANCE: tau 0.10 (95% -0.60 to 0.80, by chance 0.40) with")


def test_what_is_not_known_is_not_claimed(front):
    unknown = judged(front, tau=None, tau_low=None, tau_high=None, chance=None, better_than_chance=False)
    assert fidelity_lines(unknown) == [
        "Quality: how far this ranking can be trusted is unknown (6 patterns (2 of them stopped by halving) after "
        "4 times the training are too few to tell)."
    ]


def test_a_study_that_was_not_judged_says_so(front):
    assert fidelity_lines(front) == ["Fidelity: off. This ranking was not checked against longer training."]


def test_frozen_weights_have_nothing_to_trust(front):
    evaluation = InCheckpoint(weights="frozen", lora_rank=8, needle_depths=(0.1,), needle_sequences=2, cost_tokens=None)
    frozen = replace(judged(front), provenance=make_provenance(evaluation=evaluation))
    (line,) = fidelity_lines(frozen)
    assert line.startswith("Scored with the checkpoint's own weights: nothing was trained")


def test_points_that_will_move_are_named_those_beside_the_front_are_not(front):
    moved = (Move(trial=14, place=2, forecast_place=5), Move(trial=99, place=9, forecast_place=1))
    assert fidelity_lines(judged(front, moved=moved))[1:] == [
        "Quality: after 4 times the training these are forecast to move: 14 (2 to 5)."
    ]


def test_points_that_had_not_converged_are_counted(front):
    first, *others = front.points
    moving = replace(front, points=(replace(first, converged=False), *others))
    assert fidelity_lines(judged(moving))[-1].startswith(f"1 of {len(front.points)} points had not converged")


def test_trials_of_several_environments_are_not_ranked_by_their_last_digits(front):
    places = ("torch 2.13.0, cpu, float32", "torch 2.14.1, cpu, float32")
    mixed = replace(front, provenance=make_provenance(environments=places))
    assert fidelity_lines(mixed)[-1] == (
        "Trials were measured in 2 environments (torch 2.13.0 | torch 2.14.1), which alone may change the last digits "
        "of a score: do not rank points by them."
    )
    assert fidelity_lines(replace(front, provenance=make_provenance(environments=places[:1]))) == fidelity_lines(front)
