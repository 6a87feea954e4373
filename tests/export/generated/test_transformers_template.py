"""The code of the transformers module, in small random decoders of transformers: Llama, Qwen and Mistral."""

import re
import warnings
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch.nn.attention.flex_attention import flex_attention

from nas.export import FORMATS, ExportSettings
from nas.export.generated.run import run_module
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Random, Stride, Window
from tests.supported_patterns import provenance_of

FILE, MODULE = "transformers_attention.py", "transformers_attention"
PATTERN = ModelPattern.of(
    [
        (HeadGroup(1, (Window(5), Global(2))), HeadGroup(1, (Full(),)), HeadGroup(2, (Random(4, 2), Window(1)))),
        (HeadGroup(3, (Block(8), Columns(8, 1))), HeadGroup(1, (Stride(3), Window(4, 0, 2)))),
    ]
)
"""Heads that share a KV head attend differently."""


@pytest.fixture(scope="module")
def transformers() -> ModuleType:
    return pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")


@pytest.fixture(scope="module")
def decoder(transformers) -> ModuleType:
    """What `nas verify` runs; it imports transformers."""
    return pytest.importorskip("nas.export.libraries.decoder")


def _files(pattern: ModelPattern):
    return FORMATS["transformers"].write(pattern, provenance_of(pattern), ExportSettings())


def _module(pattern: ModelPattern) -> dict:
    return run_module(_files(pattern)[FILE], MODULE)


def _model(transformers, kind: str = "Llama", **more):
    torch.manual_seed(0)
    sizes = {
        "vocab_size": 64,
        "hidden_size": 32,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": 0,
    }
    config = getattr(transformers, f"{kind}Config")(**{**sizes, **more})
    return getattr(transformers, f"{kind}ForCausalLM")(config).eval()


@pytest.mark.parametrize("kind", ["Qwen2", "Qwen3", "Mistral"])
def test_other_decoders_take_it_and_generate_the_same_with_and_without_a_cache(transformers, decoder, kind):
    more = {"sliding_window": None} if kind == "Mistral" else {}
    model = _model(transformers, kind, **more)
    model.set_attn_implementation(_module(PATTERN)["register"]())
    tokens = torch.randint(1, 64, (2, 30), generator=torch.Generator().manual_seed(0))
    options = {"max_new_tokens": 6, "do_sample": False}
    cached, uncached = (model.generate(tokens, use_cache=use_cache, **options) for use_cache in (True, False))
    assert torch.equal(cached, uncached)
    with torch.no_grad():
        theirs = model(tokens[:1]).logits[0]
        transformers.AttentionInterface.register("written-out", decoder.reference_attention(PATTERN))
        transformers.AttentionMaskInterface.register("written-out", transformers.masking_utils.sdpa_mask)
        model.set_attn_implementation("written-out")
        torch.testing.assert_close(theirs, model(tokens[:1]).logits[0], atol=1e-4, rtol=1e-4)


def test_full_attention_everywhere_is_the_untouched_model(transformers):
    model = _model(transformers)
    tokens = torch.randint(1, 64, (2, 20), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        untouched = model(tokens).logits
        model.set_attn_implementation(_module(ModelPattern.of([(HeadGroup(4, (Full(),)),)] * 2))["register"]())
        torch.testing.assert_close(model(tokens).logits, untouched)


def test_sequences_packed_into_one_row_each_restart_the_pattern(transformers):
    """Training data as transformers packs it: positions start again, and no attention mask is given."""
    model = _model(transformers)
    model.set_attn_implementation(_module(PATTERN)["register"]())
    first, second = torch.randint(1, 64, (2, 17), generator=torch.Generator().manual_seed(0))
    second = second[:11]
    positions = torch.cat([torch.arange(17), torch.arange(11)])[None]
    with torch.no_grad():
        packed = model(torch.cat([first, second])[None], position_ids=positions, use_cache=False).logits[0]
        alone = torch.cat([model(row[None], use_cache=False).logits[0] for row in (first, second)])
    torch.testing.assert_close(packed, alone, atol=1e-5, rtol=1e-4)


def test_the_block_masks_of_a_gpu_say_the_same(transformers):
    """What CUDA is given, here without compiling: a batch with padding, at once and behind a cache."""
    module = _module(PATTERN)
    padding = torch.tensor([3, 0])[:, None, None]
    token = torch.arange(200)
    allowed = ((token <= token[:, None]) & (token >= padding) & (token[:, None] >= padding))[:, None]
    q = torch.randn(2, 4, 200, 8, generator=torch.Generator().manual_seed(0))
    k, v = torch.randn(2, 2, 2, 200, 8, generator=torch.Generator().manual_seed(1))
    caller = SimpleNamespace(layer_idx=0)
    for caller.layer_idx, first in [(0, 0), (1, 0), (0, 150), (1, 150)]:
        part, mask = q[:, :, first:], allowed[:, :, first:]
        dense, _ = module["attention"](caller, part, k, v, mask)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            blocks = module["_block_mask"](caller.layer_idx, mask)
            assert module["_block_mask"](caller.layer_idx, mask) is blocks
            flexed = flex_attention(part, k, v, block_mask=blocks, enable_gqa=True).transpose(1, 2)
        real = mask.any(dim=-1)[:, 0]
        torch.testing.assert_close(flexed[real], dense[real], atol=1e-5, rtol=1e-4)


def test_block_masks_without_padding_are_kept_from_call_to_call():
    """As in training, where transformers makes a new mask for every batch; those with padding are made anew."""
    module = _module(PATTERN)
    for num_queries, num_keys in [(200, 200), (50, 200)]:
        causal = torch.ones(num_queries, num_keys, dtype=torch.bool).tril(num_keys - num_queries)
        first, second = (causal.repeat(2, 1, 1, 1) for _ in range(2))
        kept = module["_block_mask"](0, first)
        assert module["_block_mask"](0, second) is kept
        assert module["_block_mask"](1, second) is not kept
        padded = causal.repeat(2, 1, 1, 1)
        padded[0, :, :, :3] = False
        assert module["_block_mask"](0, padded) is not kept
        blocks, dense = kept.to_dense().bool(), module["visible"](0, first[:1])
        padding = (0, -num_keys % 128, 0, -num_queries % 128)
        whole = torch.nn.functional.pad(dense, padding).unflatten(3, (-1, 128)).unflatten(2, (-1, 128))
        assert torch.equal(blocks, whole.any(dim=5).any(dim=3))


def test_it_trains(transformers):
    model = _model(transformers, attention_dropout=0.1).train()
    model.set_attn_implementation(_module(PATTERN)["register"]())
    tokens = torch.randint(1, 64, (2, 20), generator=torch.Generator().manual_seed(0))
    model(tokens, labels=tokens).loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_more_queries_than_are_masked_at_once(transformers):
    module = _module(PATTERN)
    tokens = torch.randint(1, 64, (1, 40), generator=torch.Generator().manual_seed(0))
    model = _model(transformers)
    model.set_attn_implementation(module["register"]())
    with torch.no_grad():
        whole = model(tokens).logits
        module["QUERIES_AT_ONCE"] = 7
        torch.testing.assert_close(model(tokens).logits, whole)


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("Llama", {"num_hidden_layers": 3}, "needs a model of 2 layers with 4 heads each, got 3 layers with 4 heads"),
        ("Llama", {"num_attention_heads": 8}, "needs a model of 2 layers with 4 heads each, got 2 layers with 8 heads"),
        ("Mistral", {"sliding_window": 8}, "whose own layers see all keys, got sliding_window in its config"),
        (
            "Qwen3",
            {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 4, "use_sliding_window": True},
            "whose own layers see all keys, got sliding_attention in its config",
        ),
        (
            "Gemma2",
            {"layer_types": ["full_attention"] * 2, "head_dim": 8},
            "cannot run a model whose attention has softcap",
        ),
    ],
)
def test_a_model_that_does_not_fit_is_one_clear_line(transformers, kind, more, said):
    model = _model(transformers, kind, **more)
    model.set_attn_implementation(_module(PATTERN)["register"]())
    with warnings.catch_warnings(), pytest.raises(ValueError, match=re.escape(said)) as refused:
        warnings.simplefilter("ignore")
        model(torch.tensor([[1, 2, 3]]))
    assert "\n" not in str(refused.value)
