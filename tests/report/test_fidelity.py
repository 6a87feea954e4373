"""What a table says of its own ranking, before it shows it."""

from typing import Any

from msgspec.structs import replace

from nas.report.fidelity import fidelity_in_brief, fidelity_lines
from nas.report.front_table import front_lines
from nas.results.fidelity import Reordering
from nas.results.front import Contender, InCheckpoint
from tests.fronts import make_agreement, make_fidelity, make_provenance, make_scale_check, make_score

SCOPE = (
    "Checked by training 6 patterns 4 times as long: same model, 2 seeds, 17% of all steps. "
    "Other sizes and data were not checked: docs/transfer.md has what is known of them."
)


def judged(front, **more):
    return replace(front, fidelity=make_fidelity(**more))


def reordering(**changes: Any) -> Reordering:
    fields: dict[str, Any] = {
        "objective": "quality",
        "from_steps": 400,
        "to_steps": 1600,
        "num_trials": 4,
        "deviation": 0.03,
    }
    return Reordering(**(fields | {"per_doubling": 0.013} | changes))


def test_the_scope_comes_first_then_how_far_the_ranking_holds(front):
    assert fidelity_lines(judged(front)) == [
        SCOPE,
        "Quality: the long runs confirm the order of all 6 at tau 0.71 (90% 0.31 to 0.95, above 0.5 with 85%); "
        "two seeds would agree at 0.73; of the 3 that may be on the front at tau 0.20 (90% -0.60 to 0.85, above 0.5 "
        "with 29%).",
        "By the long runs the best choice loses 0.004 bits per byte; the choice of a front 2% of the hypervolume; "
        "without training, baselines and patterns spread by cost have 71% of the front's.",
    ]


def test_a_ranking_that_may_be_chance_says_that_first(front):
    poor = judged(front, agreement=make_agreement(mean=0.1, low=-0.4, high=0.6, above_half=0.1))
    title, scope, first, *_ = front_lines(poor)
    assert title.startswith("Pareto front of") and scope == SCOPE
    assert first.startswith("Quality: THIS RANKING MAY BE CHANCE: the long runs confirm the order of all 6 at tau 0.10")


def test_in_brief_a_table_says_what_was_checked_and_what_came_of_it(front):
    checked = "training 6 patterns 4 times as long agrees with their order at tau"
    rest = "Other sizes and data were not checked: docs/transfer.md has what is known of them."
    assert fidelity_in_brief(judged(front)) == [f"Quality: {checked} 0.71 (90% 0.31 to 0.95). {rest}"]
    poor = judged(front, agreement=make_agreement(mean=0.1, low=-0.4, high=0.6, above_half=0.1))
    assert fidelity_in_brief(poor)[0].startswith(f"Quality: THIS RANKING MAY BE CHANCE: {checked} 0.10")
    unknown = judged(front, agreement=None, contenders=None)
    said = "Quality: how far this ranking can be trusted is unknown; too few long runs ended well."
    assert fidelity_in_brief(unknown) == [f"{said} {rest}"]
    assert fidelity_in_brief(replace(front, fidelity=None)) == fidelity_lines(replace(front, fidelity=None))


def test_in_brief_a_table_says_how_far_training_came_and_what_else_is_a_candidate(front):
    short = replace(front, provenance=make_provenance(tokens_per_parameter=3.7))
    assert fidelity_in_brief(short)[1] == (
        "Trained on 3.7 tokens a parameter, models in use have seen 20 or more, where wide patterns rank higher "
        "(docs/transfer.md): before you choose, train longer (training.num_steps)."
    )
    projected = replace(short, scores=(*front.scores, make_score("quality_projected", projected_to=2162)))
    assert (
        "3.7 tokens a parameter, ranked by a projection to 20, where full attention still comes out too low "
        "(docs/transfer.md): before"
    ) in fidelity_in_brief(projected)[1]
    assert len(fidelity_in_brief(replace(front, provenance=make_provenance(tokens_per_parameter=20)))) == 1
    contended = replace(front, contenders=(Contender(trial=24, front_probability=0.48, forecast=True),))
    assert fidelity_in_brief(contended)[-1] == "Not on the front, but may belong there: 24 (48%, a forecast)."


def test_in_brief_one_size_up_is_told_in_full(front):
    larger = replace(make_fidelity(), larger=make_scale_check())
    told = fidelity_in_brief(replace(front, fidelity=larger))
    assert told[0].endswith("Other data were not checked.")
    assert told[1] in fidelity_lines(replace(front, fidelity=larger)) and told[1].startswith("One size up")


def test_what_is_not_known_is_not_claimed(front):
    _, agreement, *_ = fidelity_lines(judged(front, agreement=None, regret_of_best=None, contenders=None))
    assert agreement == "Quality: how far this ranking can be trusted is unknown; too few long runs ended well."
    _, agreement, *_ = fidelity_lines(judged(front, contenders=None, noise_ceiling=None))
    assert agreement.endswith("with 85%); of too few that may be on the front to tell how they rank.")
    _, agreement, *_ = fidelity_lines(judged(front, contenders=make_agreement()))
    assert agreement.endswith("agree at 0.73."), "all may be on the front"
    nothing = replace(make_fidelity(agreement=None, regret_of_best=None), regret_of_front=None, untrained_share=None)
    assert fidelity_lines(replace(front, fidelity=nothing))[-1] == "What a choice loses is unknown."


def test_a_check_one_size_up_has_a_line_of_its_own(front):
    def lines(**changes: Any) -> list[str]:
        report = replace(make_fidelity(), larger=make_scale_check(**changes))
        return fidelity_lines(replace(front, fidelity=report))

    scope, *_, last = lines()
    assert scope == SCOPE.replace("sizes and data", "data").replace(": docs/transfer.md has what is known of them", "")
    assert last == (
        "One size up (4,096 tokens, 12 layers, 1,200 steps, one seed), quality: the order of 6 agrees at tau 0.71 "
        "(90% 0.31 to 0.95, above 0.5 with 85%), and the best choice here loses 0.012 bits per byte there; two such "
        "sizes agreed at 0.39 to 0.75 (docs/transfer.md)."
    )
    assert "THIS RANKING MAY NOT HOLD THERE: the order" in lines(agreement=make_agreement(low=-0.1))[-1]
    assert lines(agreement=None, regret_of_best=None)[-1].endswith("quality: unknown; too few runs ended well.")


def test_a_study_that_was_not_judged_says_so(front):
    assert fidelity_lines(front) == ["Fidelity: off. This ranking was not checked against longer training."]


def test_frozen_weights_have_nothing_to_trust(front):
    evaluation = InCheckpoint(weights="frozen", lora_rank=8, needle_depths=(0.1,), needle_sequences=2, cost_tokens=None)
    frozen = replace(judged(front), provenance=make_provenance(evaluation=evaluation))
    (line,) = fidelity_lines(frozen)
    assert line.startswith("Scored with the checkpoint's own weights: nothing was trained")


def test_a_reordering_of_projections_is_what_they_did_not_foresee(front):
    """A front whose axis is the measured quality, as if it were projected: names must agree."""
    ahead = replace(front, scores=(make_score("quality", projected_to=2162),))
    told = fidelity_lines(replace(ahead, reordering=(reordering(per_doubling=0.2),)))[-1]
    assert told.startswith("Quality: beyond what is projected, a doubling of the steps changes the distance of two ")
    told = fidelity_lines(replace(ahead, reordering=(reordering(per_doubling=0.0),)))[-1]
    assert told == (
        "Quality: beyond what is projected, a doubling of the steps changes the distance of two patterns by no more "
        "than noise explains; 9 and 14 differ by 0.01."
    )


def test_the_last_reordering_is_compared_with_the_distances_on_the_front(front):
    """Qualities are 2.05, 2.06, 2.2 and 2.5."""
    several = (reordering(to_steps=200, per_doubling=9.0), reordering(per_doubling=0.2))
    assert fidelity_lines(replace(front, reordering=several))[-1] == (
        "Quality: a doubling of the steps changes the distance of two patterns by 0.2 bits per byte (one deviation), "
        "more than 2 of 3 distances between neighbours on the front; 9 and 14 differ by 0.01."
    )
    assert fidelity_lines(replace(front, reordering=(reordering(per_doubling=None),))) == fidelity_lines(front)
    alone = replace(front, points=front.points[:1], reordering=several)
    assert fidelity_lines(alone) == fidelity_lines(front), "one point has no neighbour"


def test_what_may_belong_on_the_front_is_named(front):
    some = (
        Contender(trial=12, front_probability=0.31, forecast=True),
        Contender(trial=7, front_probability=0.06, forecast=False),
    )
    assert fidelity_lines(replace(front, contenders=some))[-1] == (
        "Not on the front, but may belong there: 12 (31%, a forecast), 7 (6%)."
    )


def test_a_proxy_that_saw_little_text_is_said_to_have_seen_little(front):
    def lines(seen: float | None) -> list[str]:
        provenance = make_provenance(tokens_per_parameter=seen)
        return [line for line in fidelity_lines(replace(judged(front), provenance=provenance)) if "a parameter" in line]

    assert lines(3.7461) == [
        "Trained on 3.7 tokens a parameter; models in use have seen 20 or more, where wide patterns rank higher than "
        "here (docs/transfer.md). Before you choose, train longer: training.num_steps."
    ]
    assert lines(20.0) == lines(None) == []


def test_a_report_has_five_lines_at_most(front):
    some = tuple(Contender(trial=trial, front_probability=0.1, forecast=False) for trial in range(99))
    assert len(fidelity_lines(replace(judged(front), contenders=some, reordering=(reordering(),) * 3))) == 5


def test_trials_of_several_environments_are_not_ranked_by_their_last_digits(front):
    places = ("torch 2.13.0, cpu, float32", "torch 2.14.1, cpu, float32")
    mixed = replace(front, provenance=make_provenance(environments=places))
    assert fidelity_lines(mixed)[-1] == (
        "Trials were measured in 2 environments (torch 2.13.0 | torch 2.14.1), which alone may change the last digits "
        "of a score: do not rank points by them."
    )
    assert fidelity_lines(replace(front, provenance=make_provenance(environments=places[:1]))) == fidelity_lines(front)
