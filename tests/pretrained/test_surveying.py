"""A survey says what every pattern scored by itself would say, and goes on where it was stopped."""

from collections.abc import Callable
from statistics import fmean

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch.nn.functional import cross_entropy

from nas.pretrained.checkpoint_tasks import CheckpointTextTask
from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask
from nas.pretrained.retrieval_heads import retrieval_scores
from nas.pretrained.surveying import SurveyTasks, go_on, losses, narrowed
from nas.pretrained.tokenised_text import TokenisedText
from nas.results.survey import Losses, Survey, SurveyPart
from nas.tasks.language.text import TextSettings

BLANK = Survey(
    key="",
    precision="float32",
    num_layers=2,
    num_heads=2,
    num_tokens=64,
    num_sinks=3,
    recent_tokens=(2, 8),
    with_probe=True,
)


@pytest.fixture(scope="module")
def tasks(text: TokenisedText, text_settings: Callable[..., TextSettings], needle: NeedleTask) -> SurveyTasks:
    windows = CheckpointTextTask(text, text_settings())
    return SurveyTasks(windows.on_training_text(2), needle.on_training_text(2), needle, batch_size=3)


@torch.no_grad()
def plainly(decoder: Decoder, tasks: SurveyTasks) -> Losses:
    """Every sequence of the probe by itself, with all its logits."""
    assert tasks.probe is not None
    of_text, of_needles = [], []
    for depth, part in enumerate(tasks.probe.parts.values()):
        (batch,) = part.validation_batches(100)
        tokens, targets = torch.from_numpy(batch.tokens), torch.from_numpy(batch.targets)
        logits = decoder.logits(tokens)
        of_needles.append(cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100).item())
        if depth == 0:
            places = torch.from_numpy(tasks.probe.text_places())
            of_text.append(cross_entropy(logits[:, places].flatten(0, 1), tokens[:, places + 1].flatten()).item())
    return Losses(text=tasks.text.quality(fmean(of_text), 0.0), needle=fmean(of_needles))


def test_a_survey_equals_scoring_each_pattern_plainly(decoder: Decoder, tasks: SurveyTasks) -> None:
    *_, last = go_on(BLANK, decoder, tasks)
    survey = last.survey
    assert survey.is_complete and survey.full is not None
    decoder.attend_fully()
    alone = [(None, survey.full), *((one.part, one.losses) for one in survey.parts)]
    told_apart = set()
    for part, found in alone:
        if part is not None:
            decoder.attend_as(narrowed(decoder.dimensions, part, 3))
        expected = plainly(decoder, tasks)
        assert found.text == pytest.approx(expected.text, abs=1e-4)
        assert found.needle == pytest.approx(expected.needle, abs=1e-4)
        told_apart.add(round(found.text, 4))
    assert len(told_apart) == len(alone)
    expected_scores = retrieval_scores(decoder, tasks.scored_probe, 3)
    np.testing.assert_allclose(survey.retrieval, expected_scores, atol=1e-6)


def test_only_the_part_is_narrow(decoder: Decoder) -> None:
    layer = narrowed(decoder.dimensions, SurveyPart(layer=1, recent_tokens=5), 2)
    head = narrowed(decoder.dimensions, SurveyPart(layer=0, head=1, recent_tokens=5), 0)
    seen = lambda pattern, layer: pattern.mask(layer=layer, num_tokens=16).sum(axis=(1, 2)).tolist()  # noqa: E731
    full = 16 * 17 // 2
    narrow = 5 * 16 - 10
    assert seen(layer, 0) == [full] * 4 and max(seen(layer, 1)) < full and len(set(seen(layer, 1))) == 1
    assert seen(head, 0) == [full, full, narrow, narrow] and seen(head, 1) == [full] * 4


def test_a_survey_goes_on_where_it_was_stopped(decoder: Decoder, tasks: SurveyTasks) -> None:
    whole = list(go_on(BLANK, decoder, tasks))
    for stopped in whole[::3]:
        decoder.states.forget()
        steps = list(go_on(stopped.survey, decoder, tasks))
        assert steps[-1].survey.parts[: len(stopped.survey.parts)] == stopped.survey.parts
        for one, other in zip(steps[-1].survey.parts, whole[-1].survey.parts, strict=True):
            assert one.part == other.part and one.losses.text == pytest.approx(other.losses.text, abs=1e-5)
    assert list(go_on(whole[-1].survey, decoder, tasks))[-1].survey == whole[-1].survey


def test_every_measurement_is_announced(decoder: Decoder, tasks: SurveyTasks) -> None:
    steps = [(step.what, step.done, step.total) for step in go_on(BLANK, decoder, tasks)]
    assert steps[:2] == [("looking for retrieval heads", 0, 1), ("measuring full attention", 0, 1)]
    assert steps[2:6] == [("survey of layers", done, 4) for done in range(4)]
    assert steps[6:10] == [("survey of heads", done, 4) for done in range(4)]


def test_layers_below_a_narrow_one_are_not_run_again(decoder: Decoder, tasks: SurveyTasks) -> None:
    decoder.states.forget()
    decoder.attend_fully()
    losses(decoder, tasks, keep=True)
    before = decoder.states.num_run
    decoder.attend_as(narrowed(decoder.dimensions, SurveyPart(layer=1, recent_tokens=2), 4))
    losses(decoder, tasks, keep=False)
    assert decoder.states.num_run - before == 2  # the upper layer, for each of two sequences


def test_without_probes_windows_of_text_are_surveyed(decoder: Decoder, tasks: SurveyTasks) -> None:
    alone = SurveyTasks(tasks.text, None, None, batch_size=3)
    *_, last = go_on(replace(BLANK, with_probe=False), decoder, alone)
    assert last.survey.is_complete and last.survey.retrieval == ()
    assert all(one.losses.needle is None for one in last.survey.parts)
    decoder.attend_fully()
    (batch,) = tasks.text.validation_batches(100)
    with torch.no_grad():
        logits = decoder.logits(torch.from_numpy(batch.tokens))
    loss = cross_entropy(logits.flatten(0, 1), torch.from_numpy(batch.targets).flatten()).item()
    assert last.survey.full is not None
    assert last.survey.full.text == pytest.approx(tasks.text.quality(loss, 0.0), abs=1e-4)


def test_no_sequence_that_patterns_are_scored_on_is_surveyed(tasks: SurveyTasks, needle: NeedleTask) -> None:
    """The text to train on lies before the held-out text, whose windows of numbered lines differ from all of it."""
    assert tasks.probe is not None
    scored = {row.tobytes() for batch in needle.validation_batches(100) for row in batch.tokens[:, 20:30]}
    surveyed = {row.tobytes() for batch in tasks.probe.validation_batches(100) for row in batch.tokens[:, 20:30]}
    assert not scored & surveyed
    assert len(set(tasks.fingerprints)) == 3
