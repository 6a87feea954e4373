"""Patterns that are used in one phase alone, as they are scored and as they are served."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from nas.export.generated.run import run_modules
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.pretrained.attention_plug import IMPLEMENTATION
from nas.pretrained.checkpoint_tasks import AnswerTask, CheckpointTextTask, checkpoint_tasks
from nas.pretrained.decoder import Decoder
from nas.pretrained.phases import prompt_tokens
from nas.pretrained.tokenised_text import TokenisedText
from nas.results.phase import PatternPhase
from nas.tasks.language.text import TextSettings
from nas.tasks.task import IGNORED_TARGET
from tests.supported_patterns import files_of

MakeSettings = Callable[..., TextSettings]
PATTERN = ModelPattern.of(
    [(HeadGroup(2, (Window(2),)), HeadGroup(2, (Full(),))), (HeadGroup(4, (Window(4), Global(1))),)]
)
NUM_TOKENS, NUM_PROMPT = 24, 17


@pytest.mark.parametrize("phase", ["both", "prefill", "decode"])
@torch.no_grad()
def test_scores_are_of_what_the_exported_module_serves(decoder: Decoder, phase: PatternPhase) -> None:
    """The prompt in one piece, then each token alone, with a cache."""
    tokens = torch.randint(3, 100, (2, NUM_TOKENS), generator=torch.Generator().manual_seed(0))
    decoder.attend_as(PATTERN, phase)
    decoder.plug.num_prompt = NUM_PROMPT
    scored = decoder.logits(tokens)
    files = files_of("transformers", PATTERN, phase=phase)
    module, _ = run_modules({name.removesuffix(".py"): str(text) for name, text in files.items()}).values()
    decoder.model.set_attn_implementation(module["register"]("served"))
    try:
        out = decoder.model(tokens[:, :NUM_PROMPT], use_cache=True)
        served = [out.logits]
        for place in range(NUM_PROMPT, NUM_TOKENS):
            out = decoder.model(tokens[:, place : place + 1], past_key_values=out.past_key_values, use_cache=True)
            served.append(out.logits)
    finally:
        decoder.model.set_attn_implementation(IMPLEMENTATION)
    assert_close(scored, torch.cat(served, dim=1), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_phases_differ(decoder: Decoder) -> None:
    tokens = torch.randint(3, 100, (1, NUM_TOKENS), generator=torch.Generator().manual_seed(0))
    decoder.plug.num_prompt = NUM_PROMPT
    logits = {}
    for phase in ("both", "prefill", "decode"):
        decoder.attend_as(PATTERN, phase)
        logits[phase] = decoder.logits(tokens)
    decoder.attend_fully()
    full = decoder.logits(tokens)
    assert_close(logits["prefill"][:, :NUM_PROMPT], logits["both"][:, :NUM_PROMPT])
    assert_close(logits["decode"][:, :NUM_PROMPT], full[:, :NUM_PROMPT], atol=1e-4, rtol=1e-4)
    first = [each[0, NUM_PROMPT] for each in (*logits.values(), full)]  # after the prompt
    assert all(not torch.allclose(one, other, atol=0.1) for place, one in enumerate(first) for other in first[:place])


def test_only_what_follows_the_prompt_is_asked_for(
    decoder: Decoder, text: TokenisedText, text_settings: MakeSettings
) -> None:
    tasks = checkpoint_tasks(decoder, text_settings(), (0.5,), 2, "prefill")
    assert isinstance(tasks["text"], AnswerTask)
    plain, answer = CheckpointTextTask(text, text_settings()), AnswerTask(text, text_settings())
    (whole,), (half,) = plain.validation_batches(100), answer.validation_batches(100)
    num_prompt = prompt_tokens(answer)
    assert num_prompt == answer.num_tokens // 2
    assert (half.targets[:, : num_prompt - 1] == IGNORED_TARGET).all()
    assert np.array_equal(half.targets[:, num_prompt - 1 :], whole.targets[:, num_prompt - 1 :])
    (probe,) = tasks["needle"].validation_batches(100)
    first_asked = int((probe.targets != IGNORED_TARGET).any(axis=0).argmax())
    assert first_asked == prompt_tokens(tasks["needle"]) - 1
