from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nas.errors import InputError
from nas.pretrained.attention_plug import as_it_came
from nas.pretrained.decoder import Decoder

TOKENS = torch.randint(256, (2, 24), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        ("Mistral", {"sliding_window": 16}, "a window of 16 tokens in layer 0"),
        ("Gemma2", {"head_dim": 8, "attn_logit_softcapping": 5.0}, "softcap in layer 0"),
        ("Mamba", {"state_size": 8}, r"must attend once in each of its 2 layers, .* got .attention in layers \[\]."),
    ],
)
def test_other_builds_are_refused(
    kind: str, changed: dict[str, Any], message: str, save_model: Callable[..., Path]
) -> None:
    folder = save_model(kind, **changed)
    with pytest.raises(InputError, match=message):
        Decoder.load(str(folder)).check(TOKENS[:1])


@torch.no_grad()
def test_a_watcher_is_told_of_every_layer_s_scaled_queries_and_keys(llama: Path) -> None:
    decoder = Decoder.load(str(llama))
    seen: dict[int, tuple[torch.Size, torch.Size]] = {}
    decoder.logits(TOKENS, lambda layer, query, key: seen.update({layer: (query.shape, key.shape)}))
    assert seen == {layer: ((2, 4, 24, 8), (2, 2, 24, 8)) for layer in (0, 1)}
    seen.clear()
    decoder.logits(TOKENS)
    with as_it_came(decoder.model):
        decoder.logits(TOKENS, lambda layer, query, key: pytest.fail("that is not our attention"))
    assert seen == {}
