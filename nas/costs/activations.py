"""Activations that a training step of our proxy keeps for its backward pass, in bytes.

Each method counts the numbers that one part of `nas.proxy.network` and `nas.attention` saves: a part that changes there
changes here.
"""

from dataclasses import dataclass

from nas.costs.target import ProxyTarget
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Select

_FLOAT_BYTES = 4
"""On a CPU proxies train in float32."""
_INDEX_BYTES = 8
"""Targets, and the blocks that `select` heads chose, are int64."""


def proxy_activation_bytes(pattern: ModelPattern, target: ProxyTarget, num_tokens: int, batch_size: int = 1) -> int:
    """What the allocator holds between the forward and the backward pass, beyond weights and inputs, in bytes.

    What `low_rank` heads and a memory add is not counted.

    Args:
        pattern: with the layers and heads of the target.
        target: the proxy and its backend; it reads out at every token, and has no token shift.
        num_tokens: sequence length n, in tokens.
        batch_size: sequences in a step.
    """
    step = _Step(target, pattern.position, num_tokens, batch_size)
    layers = sum(step.layer(layer.head_patterns()) for layer in pattern.layers)
    return layers + step.readout()


@dataclass(frozen=True, slots=True)
class _Step:
    """One training step; all numbers of a method are in float32 where it does not say bytes."""

    target: ProxyTarget
    position: str
    num_tokens: int
    batch_size: int

    @property
    def tokens(self) -> int:
        """Of all sequences."""
        return self.batch_size * self.num_tokens

    @property
    def copies_batches(self) -> bool:
        """Whether a batched product first copies operands in which sequences and heads are not one axis."""
        return self.batch_size > 1 and self.target.num_heads > 1

    def layer(self, heads: tuple[HeadPattern, ...]) -> int:
        """In bytes."""
        numbers = self.normed_product(3 * self.target.d_model) + self.encoded_numbers()
        numbers += self.normed_product(self.target.d_mlp) + 2 * self.tokens * self.target.d_mlp  # before, after GELU
        if self.target.backend == "dense":
            return _FLOAT_BYTES * (numbers + self.dense(heads))
        return _FLOAT_BYTES * (numbers + self.pieces(heads)) + _INDEX_BYTES * self.choices(heads)

    def readout(self) -> int:
        """The last norm and product, the logarithms of the probabilities, and the targets, in bytes."""
        numbers = self.normed_product(self.target.vocab_size) + self.tokens * self.target.vocab_size
        return _FLOAT_BYTES * numbers + _INDEX_BYTES * self.tokens

    def normed_product(self, width_out: int) -> int:
        """The input and a mean square for each token, the normalised input, and the matrix with the gain in it."""
        width = self.target.d_model
        return self.tokens * (2 * width + 1) + width * width_out

    def encoded_numbers(self) -> int:
        """Queries and keys with their positions, where these make new ones."""
        width, num_heads = self.target.d_model, self.target.num_heads
        match self.position:
            case "rope":
                return 2 * self.tokens * width
            case "alibi":
                return 2 * self.tokens * (width + 2 * num_heads)
            case "relative":
                # Then also the queries with the bias of positions, the sinusoids, and a matrix W for each sequence.
                appended = 2 * self.tokens * (width + num_heads * width)
                copied = self.batch_size * width * width if self.copies_batches else 0
                return appended + self.tokens * width + self.num_tokens * width + copied
            case _:
                return 0

    def dense(self, heads: tuple[HeadPattern, ...]) -> int:
        """What `scaled_dot_product_attention` keeps, with the projection that the values are part of."""
        width, num_heads = self.target.d_model, len(heads)
        masked = [head for head in heads if head.computed is None]
        joined = self.tokens * width if 0 < len(masked) < num_heads else 0  # a copy of the outputs of both kinds
        if self.position in ("alibi", "relative"):  # keys are wider than values, so that its fused kernel is not used
            values = width if self.copies_batches else 3 * width
            return self.tokens * (values + width + num_heads * self.num_tokens) + joined
        num_masks = self.batch_size * (num_heads - len(masked))
        if any(Full() not in head.attend for head in masked):
            num_masks += 1 if len(set(masked)) == 1 else len(masked)
        return self.fused(num_heads) + num_masks * self.num_tokens**2 + joined

    def pieces(self, heads: tuple[HeadPattern, ...]) -> int:
        """As much as a fused kernel, and the output again with the heads of a token side by side."""
        return self.fused(len(heads)) + (self.tokens * self.target.d_model if len(heads) > 1 else 0)

    def fused(self, num_heads: int) -> int:
        """The projection of queries, keys and values, the output, and a log-sum-exp for each query."""
        return self.tokens * (4 * self.target.d_model + num_heads)

    def choices(self, heads: tuple[HeadPattern, ...]) -> int:
        """The blocks that each query of a `select` head chose, as indices."""
        selects = [head.computed for head in heads if isinstance(head.computed, Select)]
        return self.tokens * sum(min(select.blocks, self.num_tokens // select.block) for select in selects)
