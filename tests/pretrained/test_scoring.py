"""Scores of shared passes equal those of the plain way: whole logits of every sequence, under every pattern."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Select, Window
from nas.pretrained import scoring
from nas.pretrained.checkpoint_tasks import CheckpointTextTask
from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask
from nas.pretrained.phases import prompt_tokens
from nas.pretrained.scoring import Scored, score_depths, score_task
from nas.pretrained.tokenised_text import TokenisedText
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import Tally
from nas.results.phase import PatternPhase
from nas.tasks.language.text import TextSettings
from nas.tasks.task import Task
from tests.pretrained.test_decoder import FAMILIES
from tests.strategies import decoder_patterns, quick

MakeSettings = Callable[..., TextSettings]
FULL, NARROW, NARROWER = (HeadGroup(4, (primitive,)) for primitive in (Full(), Window(9), Window(3)))


@torch.no_grad()
def plainly(decoder: Decoder, task: Task) -> Scored:
    """Every sequence by itself, with all its logits."""
    tally = Tally(1, decoder.device)
    for batch in task.validation_batches(1):
        tokens, targets, _ = as_tensors(batch)
        tally.add(decoder.logits(tokens).flatten(0, 1)[None], targets)
    return Scored(*tally.losses(), *tally.accuracies())


def close(one: Scored, other: Scored) -> bool:
    return one.loss == pytest.approx(other.loss, abs=1e-4) and one.accuracy == pytest.approx(other.accuracy, abs=1e-4)


@pytest.fixture(scope="module")
def windows(text: TokenisedText, text_settings: MakeSettings) -> CheckpointTextTask:
    return CheckpointTextTask(text, text_settings())


def test_any_pattern_scores_what_it_scores_plainly(
    decoder: Decoder, windows: CheckpointTextTask, needle: NeedleTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "LOGITS_BYTES", 4 * 256 * 3 * 7)  # seven places of three sequences

    @settings(quick, max_examples=12)
    @given(decoder_patterns(num_layers=2), st.booleans(), st.sampled_from([1, 3, 100]))
    def check(pattern: ModelPattern, share: bool, batch_size: int) -> None:
        decoder.attend_as(pattern)
        assert close(score_task(decoder, windows, batch_size, share=share), plainly(decoder, windows))
        for name, scored in score_depths(decoder, needle, batch_size, share=share).items():
            assert close(scored, plainly(decoder, needle.parts[name]))

    check()


@pytest.mark.parametrize("kind", FAMILIES)
def test_questions_share_a_pass_in_every_architecture(
    kind: str, save_model: Callable[..., Path], needle: NeedleTask
) -> None:
    changed: dict[str, Any] = {"sliding_window": None} if kind == "Mistral" else {}
    decoder = Decoder.load(str(save_model(kind, **changed)))
    decoder.attend_as(ModelPattern.of([(HeadGroup(2, (Window(9),)), HeadGroup(2, (Full(),)))] * 2))
    for name, scored in score_depths(decoder, needle, 2, share=True).items():
        assert close(scored, plainly(decoder, needle.parts[name]))


def test_a_head_that_chooses_by_content_has_a_pass_for_each_question(decoder: Decoder, needle: NeedleTask) -> None:
    decoder.attend_as(ModelPattern.of([(HeadGroup(4, (Select(8, 2),)),)] * 2))
    for name, scored in score_depths(decoder, needle, 2, share=True).items():
        assert close(scored, plainly(decoder, needle.parts[name]))


def test_a_first_token_stays_in_front(decoder: Decoder, needle: NeedleTask, text: TokenisedText) -> None:
    """Needles move one token to the right."""
    probe = NeedleTask(replace(text, first_token=3), needle, num_tokens=64, depths=(0.0, 0.5, 1.0), num_sequences=3)
    decoder.attend_as(ModelPattern.of([(NARROW,), (FULL,)]))
    for name, scored in score_depths(decoder, probe, 3).items():
        assert close(scored, plainly(decoder, probe.parts[name]))


def test_leading_layers_that_patterns_share_run_once(decoder: Decoder, windows: CheckpointTextTask) -> None:
    decoder.states.forget()

    def num_run(*layers: HeadGroup, share: bool = True) -> int:
        before = decoder.states.num_run
        decoder.attend_as(ModelPattern.of([(layer,) for layer in layers]))
        scored = score_task(decoder, windows, 100, share=share)
        assert close(scored, plainly(decoder, windows))
        return decoder.states.num_run - before

    assert num_run(FULL, FULL) == 2
    assert num_run(FULL, NARROW) == 1
    assert num_run(NARROW, FULL) == 2
    assert num_run(NARROW, NARROWER) == 1
    assert num_run(FULL, NARROW) == 0
    assert num_run(FULL, NARROW, share=False) == 2
    decoder.states.forget()
    assert num_run(FULL, NARROW) == 2


def test_bits_per_byte_are_the_model_s_own_loss(decoder: Decoder, windows: CheckpointTextTask) -> None:
    decoder.attend_fully()
    (batch,) = windows.validation_batches(100)
    with torch.no_grad():
        whole = torch.from_numpy(np.concatenate([batch.tokens, batch.targets[:, -1:]], axis=1))
        loss = decoder.model(input_ids=whole, labels=whole).loss.item()
    scored = score_task(decoder, windows, batch_size=3)
    assert windows.quality(scored.loss, scored.accuracy) == pytest.approx(loss / math.log(2), rel=1e-5)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_a_pattern_of_one_phase_has_a_pass_for_each_question(
    decoder: Decoder, needle: NeedleTask, phase: PatternPhase
) -> None:
    decoder.attend_as(ModelPattern.of([(NARROW,), (FULL,)]), phase)
    decoder.plug.num_prompt = prompt_tokens(needle)
    for name, scored in score_depths(decoder, needle, 2).items():
        assert close(scored, plainly(decoder, needle.parts[name]))
    decoder.attend_fully()
