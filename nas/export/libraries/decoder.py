"""The modules of format `transformers`, in a small Llama of transformers with random weights."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface, LlamaConfig, LlamaForCausalLM
from transformers.masking_utils import sdpa_mask

from nas.export.contract.export_format import Files
from nas.export.contract.masks import covering_length
from nas.export.formats.transformers_module import CACHE_FILE_NAME, CACHE_MODULE, FILE_NAME, MODULE, NAME
from nas.export.generated.run import run_modules
from nas.export.libraries.outputs import plain_attention, require_close
from nas.patterns.model import ModelPattern
from nas.results.phase import PatternPhase

_EXPORTED, _REFERENCE = "nas-verify", "nas-verify-reference"
_LONGEST, _NEW, _PADDING = 160, 8, 5
"""Most tokens of a sequence, of its generated part, and of its padding."""
_VOCABULARY = 64


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare logits and generated tokens with those of a reference, with and without a cache.

    The reference is softmax attention under the pattern's dense mask, without a cache and with one sequence at a
    time, so that padding plays no role in it.

    Raises:
        ExportError: they differ.
    """
    modules = run_modules({MODULE: str(files[FILE_NAME]), CACHE_MODULE: str(files[CACHE_FILE_NAME])})
    modules[MODULE]["register"](_EXPORTED)
    AttentionMaskInterface.register(_REFERENCE, sdpa_mask)
    num_tokens = covering_length(pattern) if pattern.grid else min(max(covering_length(pattern), 40), _LONGEST)
    new, padding = min(_NEW, num_tokens // 4), min(_PADDING, num_tokens // 4)
    tokens = torch.randint(1, _VOCABULARY, (2, num_tokens), generator=torch.Generator().manual_seed(0))
    models = []
    for kv_heads in sorted({pattern.num_heads, _fewer_kv_heads(pattern.num_heads)}, reverse=True):
        exam = _Exam(_model(pattern, kv_heads), pattern, modules[MODULE]["PHASE"])
        for pad in sorted({0, padding}):
            exam.compare_logits(tokens, pad)
            for cache in _caches(modules[CACHE_MODULE], kv_heads) if new else ():
                exam.compare_generated(tokens[:, :-new], new, pad, cache)
        models.append(f"{pattern.num_heads} heads on {kv_heads} KV heads")
    return (
        f"logits of a small random Llama with {' and '.join(models)}, with and without cache and left padding",
        f"{new} tokens that it generates after {num_tokens - new}, with a growing cache, a static one and, unless the "
        "pattern needs all keys, one of the keys that are seen again",
    )


@dataclass(frozen=True, slots=True)
class _Cache:
    """A cache in words, and how `generate` is asked for it with a model."""

    words: str
    options: Callable[[LlamaForCausalLM], dict[str, Any]]


def _caches(module: dict[str, Any], kv_heads: int) -> list[_Cache]:
    """A growing cache, a static one, and that of the pattern unless it would hold everything."""
    caches = [
        _Cache("a growing cache", lambda model: {}),
        _Cache("a static cache", lambda model: {"cache_implementation": "static"}),
    ]
    if not module["keeps_all"](kv_heads):
        caches.append(
            _Cache("the pattern's cache", lambda model: {"past_key_values": module["PatternCache"](model.config)})
        )
    return caches


def _fewer_kv_heads(num_heads: int) -> int:
    return num_heads // 2 if num_heads % 2 == 0 else 1


def _model(pattern: ModelPattern, kv_heads: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=_VOCABULARY,
        hidden_size=8 * pattern.num_heads,
        intermediate_size=16,
        num_hidden_layers=pattern.num_layers,
        num_attention_heads=pattern.num_heads,
        num_key_value_heads=kv_heads,
        head_dim=8,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
    )
    model: LlamaForCausalLM = LlamaForCausalLM(config).eval()
    return model


@dataclass(frozen=True, slots=True)
class _Exam:
    """A model whose attention is that of the module under test, and plain attention in its place."""

    model: LlamaForCausalLM
    pattern: ModelPattern
    phase: PatternPhase

    def compare_logits(self, tokens: Tensor, padding: int) -> None:
        """All logits of a batch: in one pass, and in two with a cache between them."""
        ours = [self._alone(row) for row in (tokens[0, : tokens.shape[1] - padding], tokens[1])]
        batch, mask = _padded(tokens, padding)
        cut = tokens.shape[1] - max(1, tokens.shape[1] // 3)
        self.model.set_attn_implementation(_EXPORTED)
        with torch.no_grad():
            whole = self.model(batch, attention_mask=mask).logits
            before = self.model(batch[:, :cut], attention_mask=mask[:, :cut], use_cache=True) if cut else None
            cache = before.past_key_values if before else None
            after = self.model(batch[:, cut:], attention_mask=mask, past_key_values=cache).logits
        for row, first in enumerate((padding, 0)):
            require_close(whole[row, first:], ours[row], NAME, "logits")
            require_close(after[row], ours[row][cut - first :], NAME, "logits with a cache")

    def compare_generated(self, prompt: Tensor, new: int, padding: int, cache: _Cache) -> None:
        """The logits that each new token was chosen by, against those of one pass over the whole sequence."""
        batch, mask = _padded(prompt, padding)
        self.model.set_attn_implementation(_EXPORTED)
        out = self.model.generate(
            batch,
            attention_mask=mask,
            max_new_tokens=new,
            min_new_tokens=new,
            do_sample=False,
            output_logits=True,
            return_dict_in_generate=True,
            **cache.options(self.model),
        )
        theirs = torch.stack(out.logits, dim=1)
        for row, first in enumerate((padding, 0)):
            ours = self._alone(out.sequences[row, first:], prompt.shape[1] - first)[-new - 1 : -1]
            require_close(theirs[row], ours, NAME, f"logits of generated tokens with {cache.words}")

    def _alone(self, row: Tensor, prompt_tokens: int | None = None) -> Tensor:
        """Logits of one sequence under the reference, shape (tokens, vocabulary)."""
        AttentionInterface.register(_REFERENCE, reference_attention(self.pattern, self.phase, prompt_tokens))
        self.model.set_attn_implementation(_REFERENCE)
        with torch.no_grad():
            logits: Tensor = self.model(row[None], use_cache=False).logits[0]
        return logits


def _padded(tokens: Tensor, padding: int) -> tuple[Tensor, Tensor]:
    """A batch whose first row is shifted right by padding, and its attention mask."""
    batch = tokens.clone()
    batch[0] = tokens[0].roll(padding)
    batch[0, :padding] = 0
    return batch, (batch > 0).long()


def reference_attention(
    pattern: ModelPattern, phase: PatternPhase = "both", prompt_tokens: int | None = None
) -> Callable[..., tuple[Tensor, None]]:
    """Softmax attention under the pattern's dense mask, as an attention function of transformers.

    Args:
        pattern: causal, of masks.
        phase: where it is used; other queries see all earlier keys.
        prompt_tokens: first tokens that are the prompt; None for all.
    """

    def attention(module: Any, query: Tensor, key: Tensor, value: Tensor, *_: Any, **options: Any) -> Any:
        num_tokens = query.shape[2]
        length = prod(pattern.grid) if pattern.grid else num_tokens
        mask = torch.from_numpy(pattern.mask(module.layer_idx, length))[:, :num_tokens, :num_tokens]
        prompt = num_tokens if prompt_tokens is None else prompt_tokens
        full = {"both": slice(0), "prefill": slice(prompt, None), "decode": slice(prompt)}[phase]
        mask[:, full] = torch.ones_like(mask[:, full]).tril(full.start or 0)
        return plain_attention(query, key, value, mask, options["scaling"]).transpose(1, 2), None

    return attention
