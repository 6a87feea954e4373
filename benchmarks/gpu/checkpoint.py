"""A tiny Llama on the device and on a CPU: its scores as it is and after a short training of adapters.

Its weights are random, so that what it scores means nothing: the two devices should agree.
"""

import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from nas.evaluation.checkpoint import CheckpointEvaluator
from nas.evaluation.settings import CheckpointSettings, Weights
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.space.space import Shape
from nas.space.systems import full, local_global, streaming
from nas.tasks.language.text import TextSettings, TextTask

from .place import head, parse, row

WAYS: tuple[Weights, ...] = ("frozen", "lora")


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    missing = [name for name in ("transformers", "peft") if find_spec(name) is None]
    if missing:
        print(f"Not run: {' and '.join(missing)} not installed.")
        return
    num_tokens = 32 if place.small else 1024
    with tempfile.TemporaryDirectory() as folder:
        save_llama(Path(folder), num_tokens)
        head("weights", "pattern", "CPU, bits per byte", "this device")
        for weights in WAYS:
            theirs, ours = (scores(Path(folder), on, weights, num_tokens) for on in ("cpu", str(place.device)))
            for name in ours:
                row(weights, name, f"{theirs[name]:.4f}", f"{ours[name]:.4f}")


def save_llama(folder: Path, num_tokens: int) -> None:
    """Two layers of four heads of 64 with random weights, whose tokens are bytes."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256,
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=num_tokens,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def scores(folder: Path, device: str, weights: Weights, num_tokens: int) -> dict[str, float]:
    """Bits per byte under some patterns."""
    from nas.pretrained.decoder import Decoder

    task = TextTask(TextSettings(num_tokens=num_tokens, validation_sequences=4))
    training = TrainingSettings(num_steps=8, batch_size=4, warmup_steps=2)
    evaluator = CheckpointEvaluator(
        Decoder.load(str(folder), device=device), task, CheckpointSettings(weights=weights), training, data_seed=0
    )
    shape = Shape(num_layers=2, num_heads=4, num_tokens=num_tokens, causal=True)
    patterns = {make.__name__: make(shape) for make in (full, streaming, local_global)}
    members = [Member(pattern=pattern, seed=0, learning_rate=1e-3) for pattern in patterns.values()]
    measured = evaluator.evaluate(members, 1 if weights == "frozen" else training.num_steps)
    return {
        name: float("nan") if one.quality is None else one.quality for name, one in zip(patterns, measured, strict=True)
    }


if __name__ == "__main__":
    main()
