"""The cache of the transformers module: the same tokens as with the mask alone, and no key more than it needs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.costs.counting import count_cost
from nas.costs.target import Target
from nas.export.generated.run import run_modules
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Random, Stride, Window
from nas.results.phase import PatternPhase
from tests.strategies import decoder_patterns, quick
from tests.supported_patterns import files_of

PATTERN = ModelPattern.of(
    [
        (HeadGroup(1, (Window(5), Global(2))), HeadGroup(1, (Full(),)), HeadGroup(2, (Window(1, 0, 3),))),
        (HeadGroup(3, (Block(8), Columns(8, 1))), HeadGroup(1, (Random(4, 2), Window(1)))),
        (HeadGroup(4, (Window(3), Global(1))),),
    ]
)
"""Heads that share a KV head attend differently; some KV heads keep everything."""


FAR = 210
"""Tokens within which a stride comes back to a key, and a window leaves it behind."""
ENTRY = 2 * 8 * 4
"""Bytes of a key, or a value, of both sequences: eight features of four bytes."""


class Served:
    """A small random Llama that attends by a pattern.

    Args:
        pattern: of four heads.
        kv_heads: of the model.
        phase: where the pattern is used.
        more: further settings of the model.
    """

    def __init__(self, pattern: ModelPattern, kv_heads: int = 2, phase: PatternPhase = "both", **more: Any) -> None:
        transformers = pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
        files = files_of("transformers", pattern, phase=phase).items()
        sources = {name.removesuffix(".py"): str(source) for name, source in files}
        self.attention, self.cache_module = run_modules(sources).values()
        torch.manual_seed(0)
        sizes = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 16}
        heads = {"num_attention_heads": 4, "num_key_value_heads": kv_heads}
        tokens = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": 0}
        own = {"num_hidden_layers": pattern.num_layers, "initializer_range": 0.3}  # so that keys matter
        config = transformers.LlamaConfig(**sizes, **heads, **tokens, **own, **more)
        self.model = transformers.LlamaForCausalLM(config).eval()
        self.model.set_attn_implementation(self.attention["register"]())

    def cache(self) -> Any:
        """A new one."""
        return self.cache_module["PatternCache"](self.model.config)

    def logits(self, prompt: dict[str, torch.Tensor], new: int, **options: Any) -> torch.Tensor:
        """Those that each of `new` tokens is chosen by, shape (batch, new, vocabulary)."""
        greedy = {"do_sample": False, "max_new_tokens": new, "min_new_tokens": new}
        out = self.model.generate(**prompt, **greedy, output_logits=True, return_dict_in_generate=True, **options)
        return torch.stack(out.logits, dim=1)


def _prompt(num_tokens: int, padding: int = 0, seed: int = 0) -> dict[str, torch.Tensor]:
    """Two sequences, the first of which starts with padding."""
    tokens = torch.randint(1, 64, (2, num_tokens), generator=torch.Generator().manual_seed(seed))
    tokens[0, :padding] = 0
    return {"input_ids": tokens, "attention_mask": (tokens > 0).long()}


some = settings(quick, max_examples=10)


def _with_a_window(pattern: ModelPattern) -> ModelPattern:
    """One layer more, since a pattern that needs all keys has no cache."""
    return ModelPattern.of([*(layer.heads for layer in pattern.layers), (HeadGroup(4, (Window(2),)),)])


drawn = decoder_patterns(num_layers=2).map(_with_a_window)


@pytest.mark.slow
@some
@given(drawn, st.sampled_from([1, 2, 4]), st.integers(1, 40), st.integers(0, 9))
def test_it_generates_what_the_mask_alone_does(pattern, kv_heads, num_tokens, padding):
    served = Served(pattern, kv_heads)
    prompt = _prompt(num_tokens, min(padding, num_tokens - 1))
    alone = served.logits(prompt, 12)
    kept = served.logits(prompt, 12, past_key_values=served.cache())
    torch.testing.assert_close(kept, alone, atol=1e-4, rtol=1e-4)
    assert torch.equal(kept.argmax(dim=-1), alone.argmax(dim=-1))


def _most_needed(pattern: ModelPattern, share: int, first: int, stop: int) -> int:
    """The most keys that decoding from `first` to `stop` needs at a step, over layers and KV heads, by the dense masks.

    What is drawn may come back to any key, however far ahead one looks.
    """
    total = 0
    for layer in pattern.layers:
        mask = pattern.mask(layer.index, stop + FAR)
        for kv_head in range(0, pattern.num_heads, share):
            heads = layer.head_patterns()[kv_head : kv_head + share]
            drawn = any(isinstance(primitive, Random) for head in heads for primitive in head.attend)
            seen = np.logical_or.reduce(mask[kv_head : kv_head + share])
            needed = [int(seen[token:, : token + 1].any(axis=0).sum()) for token in range(first, stop)]
            total += stop if drawn else max(needed)
    return total


def _check_held(pattern: ModelPattern, kv_heads: int, num_tokens: int) -> None:
    served = Served(pattern, kv_heads)
    cache = served.cache()
    served.logits(_prompt(num_tokens), 13, past_key_values=cache)  # the last token is not cached
    most = _most_needed(pattern, pattern.num_heads // kv_heads, num_tokens, num_tokens + 12)
    assert cache.num_bytes == 2 * ENTRY * most


def test_it_holds_the_keys_that_are_seen_again():
    _check_held(PATTERN, 2, 31)


@pytest.mark.slow
@some
@given(drawn, st.sampled_from([1, 2, 4]), st.integers(1, 40))
def test_so_it_does_with_any_pattern(pattern, kv_heads, num_tokens):
    _check_held(pattern, kv_heads, num_tokens)


def test_its_bytes_are_those_of_the_costs():
    """Within the slots that a head which keeps everything grows by, a 128th."""
    streaming, full = (Window(59), Global(4)), (Full(),)
    pattern = ModelPattern.of([(HeadGroup(2, streaming), HeadGroup(2, full)), (HeadGroup(4, streaming),)])
    sizes: dict[str, Any] = {
        "num_layers": 2,
        "num_heads": 4,
        "num_kv_heads": 2,
        "d_model": 32,
        "d_head": 8,
        "d_mlp": 16,
    }
    target = Target(name="small", num_tokens=300, bytes_per_element=4, **sizes)
    served = Served(pattern)
    cache = served.cache()
    served.logits(_prompt(200), 101, past_key_values=cache)
    assert cache.num_bytes / 2 == pytest.approx(count_cost(pattern, target).kv_cache_bytes, rel=1 / 128)


def test_prompts_in_chunks_and_further_turns():
    served, prompt = Served(PATTERN), _prompt(31, padding=7)
    alone = served.logits(prompt, 12)
    chunked = served.logits(prompt, 12, past_key_values=served.cache(), prefill_chunk_size=5)
    torch.testing.assert_close(chunked, alone, atol=1e-4, rtol=1e-4)
    cache = served.cache()
    served.logits({name: states[:, :20] for name, states in prompt.items()}, 1, past_key_values=cache)
    torch.testing.assert_close(served.logits(prompt, 12, past_key_values=cache), alone, atol=1e-4, rtol=1e-4)


def test_long_chunks_are_computed_a_few_queries_at_a_time():
    served, prompt = Served(PATTERN), _prompt(40, padding=3)
    whole = served.logits(prompt, 2)
    served.attention["QUERIES_AT_ONCE"] = 7
    cut = served.logits(prompt, 2, past_key_values=served.cache(), prefill_chunk_size=16)
    torch.testing.assert_close(cut, whole, atol=1e-4, rtol=1e-4)


def test_beam_search_finds_the_same_sequences():
    served, prompt = Served(PATTERN), _prompt(17, padding=4)
    options = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 10, "do_sample": False}
    alone = served.model.generate(**prompt, **options)
    assert torch.equal(served.model.generate(**prompt, **options, past_key_values=served.cache()), alone)


def test_sequences_are_repeated_and_chosen():
    served, prompt = Served(PATTERN), _prompt(17, padding=4)
    cache = served.cache()
    served.logits(prompt, 1, past_key_values=cache)
    cache.batch_repeat_interleave(2)
    cache.batch_select_indices(torch.tensor([3, 0]))
    swapped = {name: states[[1, 0]] for name, states in prompt.items()}
    following = {name: torch.cat([states, torch.ones_like(states[:, :1])], dim=1) for name, states in swapped.items()}
    torch.testing.assert_close(
        served.logits(following, 3, past_key_values=cache), served.logits(following, 3), atol=1e-4, rtol=1e-4
    )


def test_a_reset_cache_starts_again():
    served, prompt = Served(PATTERN), _prompt(17)
    cache = served.cache()
    first = served.logits(prompt, 3, past_key_values=cache)
    cache.reset()
    assert (cache.num_bytes, cache.get_seq_length()) == (0, 0)
    assert torch.equal(served.logits(prompt, 3, past_key_values=cache), first)


ALL_KEYS = ModelPattern.of(
    [(HeadGroup(1, (Window(3),)), HeadGroup(1, (Stride(2), Window(1))), HeadGroup(2, (Full(),)))]
)
"""Each KV head of two keeps everything; of four, one does not."""


def test_what_cannot_be_done_is_one_clear_line():
    served = Served(PATTERN)
    prompt = _prompt(9)
    said = []

    def refused(run: Callable[[], Any]) -> None:
        with pytest.raises(ValueError) as error:
            run()
        said.append(str(error.value))

    helped = {"assistant_model": served.model, "max_new_tokens": 3}
    alone = {name: states[:1] for name, states in prompt.items()}  # transformers 5.3 assists one sequence
    refused(lambda: served.model.generate(**alone, **helped, past_key_values=served.cache()))
    refused(lambda: served.cache().crop(-1))
    on_the_right = {name: states.flip(1) for name, states in _prompt(9, padding=3).items()}
    refused(lambda: served.logits(on_the_right, 3, past_key_values=served.cache()))
    refused(lambda: served.model(**prompt, past_key_values=served.cache()).logits.sum().backward())
    served.model.set_attn_implementation("eager")
    refused(lambda: served.logits(prompt, 3, past_key_values=served.cache()))
    cannot_go_back = (
        "PatternCache: cannot take tokens back, as assisted decoding and crop() do, because keys that earlier queries "
        "see are gone. Leave past_key_values out."
    )
    assert said == [
        cannot_go_back,
        cannot_go_back,
        "PatternCache: needs padding on the left alone. Set tokenizer.padding_side = 'left'.",
        "PatternCache: has no gradients. Leave it out in training, or use torch.no_grad().",
        "PatternCache: the model's attention is not that of the pattern. Load the model with "
        "attn_implementation=transformers_attention.register().",
    ]


def test_a_pattern_that_needs_all_keys_is_refused_where_no_kv_head_is_spared():
    with pytest.raises(ValueError, match=r"must keep all keys in every layer .* Leave past_key_values out\."):
        Served(ALL_KEYS).cache()
    assert Served(ALL_KEYS, kv_heads=4).cache().num_bytes == 0


def test_a_pattern_for_decoding_reads_the_prompt_in_full_and_then_holds_what_it_needs():
    served, prompt = Served(PATTERN, phase="decode"), _prompt(31, padding=7)
    alone = served.logits(prompt, 12)
    cache = served.cache()
    torch.testing.assert_close(served.logits(prompt, 12, past_key_values=cache), alone, atol=1e-4, rtol=1e-4)
    assert cache.num_bytes == 2 * ENTRY * _most_needed(PATTERN, 2, 31, 42)
    everywhere = Served(PATTERN).logits(prompt, 12)
    assert not torch.allclose(everywhere[0, 0], alone[0, 0], atol=1e-2)
    with pytest.raises(ValueError, match="is for decoding alone: prompts are read with full attention"):
        served.logits(prompt, 2, past_key_values=served.cache(), prefill_chunk_size=8)


def test_a_pattern_for_prompts_needs_all_keys_to_go_on():
    served = Served(PATTERN, phase="prefill")
    with pytest.raises(ValueError, match="must keep all keys"):
        served.cache()


def test_a_model_that_does_not_fit_is_refused():
    served = Served(PATTERN)
    served.model.config.num_hidden_layers = 2
    with pytest.raises(ValueError, match="needs a model of 3 layers with 4 heads each, got 2 layers"):
        served.cache()
