"""The sizes of a pretrained decoder, read from its config: which patterns fit it, and what they cost."""

from dataclasses import dataclass
from typing import Any

from nas.costs.target import Target
from nas.errors import InputError, PatternError
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import LowRank

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Number types that weights may have, and the bytes of one number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """Sizes of a decoder.

    Args:
        name: what reports call the model.
        num_layers: layers.
        num_heads: query heads a layer.
        num_kv_heads: key-value heads a layer, a divisor of num_heads.
        d_model: width of the residual stream, in features.
        d_head: width of a head, in features.
        d_mlp: width of the MLP, in features.
        gated_mlp: three matrices in the MLP instead of two.
        vocab_size: entries of the vocabulary.
        tied_embeddings: the output matrix is the embedding's.
        bytes_per_element: size of a stored number, in bytes.
        most_tokens: longest sequence that the model was made for, in tokens; None where its config does not say.
    """

    name: str
    num_layers: int
    num_heads: int
    num_kv_heads: int
    d_model: int
    d_head: int
    d_mlp: int
    gated_mlp: bool
    vocab_size: int
    tied_embeddings: bool
    bytes_per_element: int
    most_tokens: int | None

    @classmethod
    def read(cls, config: Any, name: str, *, gated_mlp: bool) -> "Dimensions":
        """From a config of transformers, whose architectures name the same sizes alike.

        Args:
            config: `model.config`.
            name: what reports call the model.
            gated_mlp: what the config does not say and the model's modules do.

        Raises:
            InputError: a size is missing, which a decoder of another build has under another name or not at all.
        """
        text = config.get_text_config(decoder=True)
        num_heads, d_model = _size(text, "num_attention_heads"), _size(text, "hidden_size")
        return cls(
            name=name,
            num_layers=_size(text, "num_hidden_layers"),
            num_heads=num_heads,
            num_kv_heads=getattr(text, "num_key_value_heads", None) or num_heads,
            d_model=d_model,
            d_head=getattr(text, "head_dim", None) or d_model // num_heads,
            d_mlp=getattr(text, "intermediate_size", None) or getattr(text, "n_inner", None) or 4 * d_model,
            gated_mlp=gated_mlp,
            vocab_size=_size(text, "vocab_size"),
            tied_embeddings=bool(getattr(config, "tie_word_embeddings", False)),
            bytes_per_element=BYTES.get(str(text.dtype).removeprefix("torch."), 4),
            most_tokens=getattr(text, "max_position_embeddings", None),
        )

    @property
    def heads_per_kv(self) -> int:
        """Query heads that share a KV head."""
        return self.num_heads // self.num_kv_heads

    def target(self, num_tokens: int) -> Target:
        """The model as a target whose costs are counted.

        Args:
            num_tokens: sequence length n, in tokens.
        """
        return Target(
            name=self.name,
            num_tokens=num_tokens,
            num_layers=self.num_layers,
            num_heads=self.num_heads,
            num_kv_heads=self.num_kv_heads,
            d_model=self.d_model,
            d_head=self.d_head,
            d_mlp=self.d_mlp,
            gated_mlp=self.gated_mlp,
            vocab_size=self.vocab_size,
            tied_embeddings=self.tied_embeddings,
            bytes_per_element=self.bytes_per_element,
            fused_attention=True,
        )

    def check_fit(self, pattern: ModelPattern) -> None:
        """Refuse a pattern that the decoder cannot have.

        Raises:
            PatternError: other numbers of layers or heads, not causal, positions, a memory or projections for which the
                decoder has no weights, or a grid.
        """
        if pattern.num_layers != self.num_layers:
            raise PatternError("layers", f"must count {self.num_layers}, as {self.name} has", pattern.num_layers)
        if pattern.num_heads != self.num_heads:
            raise PatternError("layers[0].heads", f"must count {self.num_heads}, as {self.name} has", pattern.num_heads)
        if not pattern.causal:
            raise PatternError("causal", "must be true for a decoder", pattern.causal)
        if pattern.position != "rope":
            allowed = "must be rope, which stands for the decoder's own positions"
            raise PatternError("position", allowed, pattern.position)
        if pattern.grid is not None:
            raise PatternError("grid", "must be null for a decoder", list(pattern.grid))
        for layer in pattern.layers:
            where = f"layers[{layer.index}]"
            if layer.memory_tokens:
                allowed = "must be 0: a decoder was not trained with a memory"
                raise PatternError(f"{where}.memory_tokens", allowed, layer.memory_tokens)
            for index, group in enumerate(layer.heads):
                if any(isinstance(primitive, LowRank) for primitive in group.attend):
                    allowed = "must not be low_rank, for which a decoder has no weights"
                    raise PatternError(f"{where}.heads[{index}].attend", allowed, "low_rank")


def _size(config: Any, name: str) -> int:
    value = getattr(config, name, None)
    if not isinstance(value, int) or value < 1:
        kind = getattr(config, "model_type", "?")
        raise InputError("checkpoint", f"must have a whole number as {name} in its config.json", f"{value} of {kind}")
    return value
