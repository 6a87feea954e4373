"""The summary in words."""

from typing import Any

import pytest
from msgspec.structs import replace

from nas.export.selection.choose import choose_best
from nas.report.study.health_check import HealthCheck, Verdict
from nas.report.study.summary import summarised
from nas.results.front import Contender, Estimate, InCheckpoint
from nas.results.trial import TrialState
from tests.fronts import (
    make_agreement,
    make_baseline,
    make_fidelity,
    make_front,
    make_point,
    make_scale_check,
)
from tests.records import make_record, trained_trial


def _points():
    return (make_point(4, 2.1, 0.8, 0.8), make_point(7, 2.15, 0.2, 0.2), make_point(9, 2.6, 0.19, 0.19))


def test_the_headline_names_the_knee_as_exports_do():
    front = make_front(points=_points())
    found = summarised(make_record(front), ())
    assert choose_best(front, "knee").provenance.trial == found.choices[0].point.trial == 7
    assert found.headline == (
        "Trial 7 is the best compromise: 2.152 ± 0.006 bits per byte at 0.20x of the attention FLOPs and 0.20x of the "
        "KV cache of full attention."
    )


def test_choices_that_are_one_point_share_it():
    choices = summarised(make_record(make_front(points=_points())), ()).choices
    assert {choice.point.trial: choice.roles for choice in choices} == {
        7: ("best compromise",),
        4: ("best quality",),
        9: ("lowest attention FLOPs", "lowest KV cache"),
    }


def test_the_best_choice_is_compared_with_full_attention_and_the_best_other_baseline():
    baselines = (
        make_baseline(0, 2.4),
        make_baseline(1, 2.3, 0.4, 0.4, baseline="bigbird"),
        make_baseline(2, 2.16, 0.4, 0.4, baseline="local_global"),
    )
    against = summarised(make_record(make_front(points=_points(), baselines=baselines)), ()).against
    assert against == (
        "Against full attention (trial 0): quality better by 0.250 ± 0.008 bits per byte (over 99% sure by the noise "
        "alone), at 0.20x of its attention FLOPs and 0.20x of its KV cache.",
        "Against local_global, the best other baseline (trial 2): quality better by 0.010 ± 0.008 bits per byte "
        "(88% sure by the noise alone), at 0.50x of its attention FLOPs and 0.50x of its KV cache.",
    )


def test_without_noise_nothing_is_sure_or_unsure():
    known: dict[str, Any] = {"estimates": {"quality": Estimate(mean=2.1, standard_deviation=None)}}
    front = make_front(points=(make_point(4, 2.1, **known),), baselines=(make_baseline(0, 2.4),))
    [sentence] = summarised(make_record(front), ()).against
    assert "±" not in sentence and "%" not in sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"above_half": 0.95}, "confirm the order well"),
        ({"above_half": 0.6}, "confirm the order in part"),
        ({"low": -0.2}, "may be chance"),
    ],
)
def test_trust_follows_the_long_runs(changes, words):
    front = make_front(fidelity=make_fidelity(agreement=make_agreement(**changes)))
    assert words in summarised(make_record(front), ()).trust


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"above_half": 0.95}, "A model one size up agrees well: of 6 patterns at a tau of 0.71"),
        ({"above_half": 0.6}, "A model one size up agrees in part"),
        ({"low": -0.2}, "A model one size up agrees no better than chance might, so the order may not hold there"),
    ],
)
def test_trust_follows_the_larger_model_where_there_is_one(changes, words):
    fidelity = replace(make_fidelity(), larger=make_scale_check(agreement=make_agreement(**changes)))
    trust = summarised(make_record(make_front(fidelity=fidelity)), ()).trust
    assert words in trust and trust.endswith("Other data were not checked: treat this as a shortlist.")
    lost = replace(fidelity, larger=make_scale_check(agreement=None, regret_of_best=None))
    assert summarised(make_record(make_front(fidelity=lost)), ()).trust.endswith(
        "Other model sizes and other data were not checked: treat this as a shortlist."
    )


def test_trust_says_how_far_training_had_come():
    front = make_front()
    short = replace(front, provenance=replace(front.provenance, tokens_per_parameter=3.74))
    assert (
        "saw 3.7 tokens a parameter; in models in use, which have seen 20" in summarised(make_record(short), ()).trust
    )
    assert "a parameter" not in summarised(make_record(front), ()).trust


def test_trust_names_contenders_checks_and_what_was_not_checked():
    front = make_front(contenders=(Contender(trial=9, front_probability=0.3, forecast=True),))
    bad = HealthCheck(question="?", verdict=Verdict.BAD, figure="figure", remedy="Mend it.")
    found = summarised(make_record(front), (bad,))
    assert "1 more trial may belong there (30% on average)" in found.trust
    assert "1 found a problem" in found.trust and "not checked" in found.trust
    assert found.first == ("Mend it.",)


def test_commands_can_be_typed_as_they_stand():
    steps = summarised(make_record(argument="my studies/it's"), ()).next_steps
    words = [step.words for step in steps]
    assert words[0] == """nas export 'my studies/it'"'"'s' --trial 1 --format flex --out trial-1"""
    assert words[1] == "nas verify trial-1"


def test_a_checkpoint_is_exported_to_its_library():
    front = make_front()
    evaluation = InCheckpoint(weights="frozen", lora_rank=8, needle_depths=(), needle_sequences=1, cost_tokens=None)
    front = replace(front, provenance=replace(front.provenance, evaluation=evaluation))
    found = summarised(make_record(front), ())
    assert "--format transformers" in found.next_steps[0].words
    assert "scored in a pretrained decoder" in found.searched
    assert "plugged into the decoder, scored with its own weights" in found.how and "All scoring took" in found.how
    assert "Needles" not in found.trust
    asked = replace(evaluation, needle_depths=(0.1, 0.9), needle_sequences=8)
    front = replace(front, provenance=replace(front.provenance, evaluation=asked))
    trust = summarised(make_record(front), ()).trust
    assert "Needles are 16 questions, the same for every pattern: others would move a share by up to 0.12" in trust


def test_what_was_searched_counts_the_trials():
    trials = [trained_trial(0, 2.6, 2.5, 2.4, baseline="full"), trained_trial(1, 2.6, 2.5, 2.3), trained_trial(2, 2.6)]
    front = replace(make_front(), trials={TrialState.FINISHED: 2, TrialState.STOPPED: 1})
    found = summarised(make_record(front, trials=trials), ())
    assert found.searched.startswith("Searched: 2 sampled patterns and 1 baseline, trained in small models on text of ")
    assert "compared by quality, attention FLOPs and KV cache." in found.searched
    assert found.how.startswith("Patterns are of the space hybrid (docs/spaces.md).")
    assert "up to 400 steps; 1 trial stopped earlier" in found.how and "9.0 s" in found.how


def test_a_space_of_ones_own_has_its_whole_name():
    record = make_record(settings={"space": {"attribute": "my_module:MySpace"}})
    assert summarised(record, ()).how.startswith("Patterns are of the space my_module:MySpace ")


def test_an_empty_front_is_said_to_be_empty():
    found = summarised(make_record(make_front(points=())), ())
    assert "no front" in found.headline and not found.choices and not found.against


def test_equal_qualities_are_called_the_same():
    baseline = make_baseline(0, 2.3)
    front = make_front(points=(make_point(4, 2.3, 0.2),), baselines=(baseline,))
    [sentence] = summarised(make_record(front), ()).against
    assert sentence.startswith("Against full attention (trial 0): the same quality, at 0.20x of its attention FLOPs")


def test_the_search_is_resumed_by_its_own_command_with_what_checks_advise():
    more = HealthCheck(question="?", verdict=Verdict.BAD, figure="", remedy="On.", add=("num_trials=48",))
    words = ("study=my study", "num_trials=24", "-m")
    [first, *_] = summarised(make_record(words=words), (more,)).next_steps
    assert first.words == "nas search 'study=my study' -m num_trials=48"
    for record, checks in ((make_record(), (more,)), (make_record(words=words), ())):
        assert not any("nas search" in step.words for step in summarised(record, checks).next_steps)


def test_a_longer_search_is_a_study_of_its_own():
    longer = HealthCheck(question="?", verdict=Verdict.LOOK, figure="", elsewhere=("training.num_steps=800",))
    front = make_front()
    [first, *_] = summarised(make_record(front, words=("study=mine", "seed=3")), (longer,)).next_steps
    assert first.words == f"nas search seed=3 study={front.study}-longer training.num_steps=800"
    assert not any("nas search" in step.words for step in summarised(make_record(), (longer,)).next_steps)
