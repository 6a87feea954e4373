"""A Llama with random weights and a tokenizer of bytes, as a checkpoint folder has them, and some text for it."""

from pathlib import Path

from tests.byte_tokenizer import save_byte_tokenizer

SIZES = {
    "vocab_size": 256,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
}
"""Weights large enough that what is attended to shows in the logits."""


def save_tiny_model(folder: Path, kind: str = "Llama", **changed: object) -> Path:
    """A checkpoint of an architecture, by the name of its classes, with other sizes where given."""
    import torch
    import transformers

    config = getattr(transformers, f"{kind}Config")(**{**SIZES, **changed})
    torch.manual_seed(0)
    getattr(transformers, f"{kind}ForCausalLM")(config).save_pretrained(folder)
    save_byte_tokenizer(folder)
    return folder


def written_text(folder: Path) -> Path:
    """A file of some 20,000 bytes."""
    file = folder / "text.txt"
    lines = (f"{number}: the quick brown fox jumps over {number * number} lazy dogs\n" for number in range(400))
    file.write_text("".join(lines))
    return file
