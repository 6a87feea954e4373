"""Prefill, decoding and cache of a model of transformers: full attention, a pattern as a mask, and with its cache.

    python benchmarks/generation.py                                              # a small random Llama
    python benchmarks/generation.py --model ./model --tokens 1024 4096 8192      # a model of your own

Two patterns: `streaming` has first tokens and recent keys in every head, `a third full` gives every third KV head all
keys. Each has four first tokens and an eighth of the sequence as recent keys. `full` is the model as transformers runs
it (`sdpa`), `mask` the exported attention with a growing cache, `cache` the same with its PatternCache. All read the
same random tokens and go on greedily; `mask` and `cache` must choose the same tokens. Times are CPU time of one thread,
the median of turns that the three take one after the other; counted is `kv_cache_bytes` of the costs.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import torch
import transformers
from torch import Tensor

from nas.costs.counting import count_cost
from nas.export import FORMATS, ExportSettings
from nas.export.generated.run import run_modules
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.pretrained.dimensions import Dimensions
from nas.results.front import InCheckpoint
from nas.results.provenance import MadeWith, Provenance

FIRST, RECENT_SHARE = 4, 8
NAME = "nas-generation"
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run the model: the name of its attention, and how to make its cache."""

    name: str
    attention: str
    make_cache: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What one generation took: seconds for the prompt, seconds for a token after it, bytes held, tokens chosen."""

    prefill_seconds: float
    token_seconds: float
    num_bytes: int
    tokens: Tensor


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a folder that save_pretrained wrote; without it a small random Llama")
    parser.add_argument("--tokens", type=int, nargs="+", default=[1024, 2048], help="prompt and answer together")
    parser.add_argument("--new", type=int, default=16, help="tokens of the answer")
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, one thread"
    print(f"{date.today()}, {load}, torch {torch.__version__}, transformers {transformers.__version__}")
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model) if options.model else random_llama()
    print("\n| pattern | tokens | way | prefill, s | a token, ms | cache, MiB | counted, MiB | held / counted |")
    print("|---|---|---|---|---|---|---|---|")
    for num_tokens in options.tokens:
        for name in ("streaming", "a third full"):
            compare(model, name, num_tokens, options.new, options.repeats)


def random_llama() -> Any:
    """Six layers, nine query heads on three KV heads, as wide as a 135-million model."""
    config = transformers.LlamaConfig(
        vocab_size=1024,
        hidden_size=576,
        intermediate_size=768,
        num_hidden_layers=6,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=32768,
        initializer_range=0.1,
    )
    return transformers.LlamaForCausalLM(config)


def compare(model: Any, name: str, num_tokens: int, new: int, repeats: int) -> None:
    """Rows for one pattern and length."""
    dimensions = Dimensions.read(model.config, "model", gated_mlp=True)
    pattern = pattern_of(dimensions, name, num_tokens)
    files = FORMATS["transformers"].write(pattern, drawn_by_hand(pattern, num_tokens), ExportSettings())
    attention, cache = run_modules({file.removesuffix(".py"): str(text) for file, text in files.items()}).values()
    masked = attention["register"](NAME)
    ways = (
        Way("full", "sdpa", transformers.DynamicCache),
        Way("mask", masked, transformers.DynamicCache),
        Way("cache", masked, lambda: cache["PatternCache"](model.config)),
    )
    prompt = torch.randint(3, model.config.vocab_size, (1, num_tokens - new))
    turns = [[generate(model.eval(), way, prompt, new) for way in ways] for _ in range(repeats)]
    for _, by_mask, by_cache in turns:
        if not torch.equal(by_mask.tokens, by_cache.tokens):
            raise SystemExit(f"generation.py: {name} at {num_tokens} tokens: the cache changes what is generated")
    counted = count_cost(pattern, dimensions.target(num_tokens)).kv_cache_bytes
    for way, runs in zip(ways, zip(*turns, strict=True), strict=True):
        prefill = statistics.median(run.prefill_seconds for run in runs)
        token = statistics.median(run.token_seconds for run in runs)
        held = runs[0].num_bytes
        cells = (name, num_tokens, way.name, f"{prefill:.2f}", f"{1000 * token:.1f}", f"{held / MIB:.2f}")
        print("|", *(f"{cell} |" for cell in cells), f"{counted / MIB:.2f} | {held / counted:.3f} |", flush=True)


def pattern_of(dimensions: Dimensions, name: str, num_tokens: int) -> ModelPattern:
    """The pattern of this name at a length."""
    recent = (Window(num_tokens // RECENT_SHARE - 1), Global(FIRST))
    every = [
        HeadGroup(dimensions.heads_per_kv, (Full(),) if name == "a third full" and kv_head % 3 == 0 else recent)
        for kv_head in range(dimensions.num_kv_heads)
    ]
    return ModelPattern.of([tuple(every)] * dimensions.num_layers)


@torch.no_grad()
def generate(model: Any, way: Way, prompt: Tensor, new: int) -> Run:
    """Read a prompt and choose tokens after it, greedily."""
    model.set_attn_implementation(way.attention)
    cache = way.make_cache()
    started = time.process_time()
    logits = model(prompt, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
    read = time.process_time()
    tokens = [logits[:, -1].argmax(dim=-1, keepdim=True)]
    while len(tokens) < new:
        logits = model(tokens[-1], past_key_values=cache, use_cache=True).logits
        tokens.append(logits[:, -1].argmax(dim=-1, keepdim=True))
    ended = time.process_time()
    return Run(read - started, (ended - read) / max(1, new - 1), cache_bytes(cache), torch.cat(tokens, dim=1))


def cache_bytes(cache: Any) -> int:
    """Keys and values that a cache holds, in bytes."""
    if hasattr(cache, "num_bytes"):
        return int(cache.num_bytes)
    return sum(states.nbytes for layer in cache.layers for states in (layer.keys, layer.values))


def drawn_by_hand(pattern: ModelPattern, num_tokens: int) -> Provenance:
    """The provenance of a pattern that no study found."""
    nothing = InCheckpoint(weights="frozen", lora_rank=1, needle_depths=(), needle_sequences=1, cost_tokens=None)
    made_with = MadeWith(
        versions={},
        corpus_hash=None,
        seed=0,
        sampler="none",
        task="text",
        task_fingerprint="",
        num_tokens=num_tokens,
        pattern_tokens=num_tokens,
        carry=None,
        rungs=(1,),
        target="model",
        evaluation=nothing,
        checkpoint_fingerprint=None,
        task_quality="separate",
        extra_tasks={},
        machine="",
    )
    return Provenance(
        study="generation",
        trial=0,
        pattern_id=pattern.id,
        baseline=None,
        objectives=(),
        scores=(),
        values={},
        step=0,
        seeds=(),
        spread={},
        cost=None,
        ratio_to_full={},
        made_with=made_with,
        stopped_early=False,
    )


if __name__ == "__main__":
    main()
