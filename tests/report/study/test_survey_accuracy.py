"""What a survey predicted beside what was lost, both beyond full attention."""

from msgspec.structs import replace

from nas.report.study.survey_accuracy import PredictedLoss, agreement_in_words, predicted_losses
from nas.results.objective import Score
from nas.results.survey import Losses
from tests.records import trained_trial

TEXT = Score(name="quality", task="text", times=1, unit="bits per byte", direction="minimize", chance=8.0)


def scored(number, quality, text=None, baseline=None):
    trial = trained_trial(number, quality, predicted=None if text is None else Losses(text=text))
    return replace(trial, baseline=baseline)


def test_losses_are_those_beyond_full_attention():
    full, *others = scored(0, 2.5, 0.0, "full"), scored(1, 2.75, 0.125), scored(2, 2.5, 0.0), scored(3, 3.0)
    assert predicted_losses(TEXT, [*others, full]) == (PredictedLoss(1, 0.125, 0.25), PredictedLoss(2, 0.0, 0.0))
    assert predicted_losses(TEXT, others) == ()


def test_the_agreement_is_one_of_ranks():
    found = tuple(PredictedLoss(n, float(n), float(n * n)) for n in range(6))
    assert agreement_in_words(found) == "Kendall's tau 1.00 over 6 patterns"
    assert agreement_in_words((*found[:-1], PredictedLoss(5, 5.0, -1.0))) == "Kendall's tau 0.33 over 6 patterns"
    assert agreement_in_words(found[:3]) == ""
