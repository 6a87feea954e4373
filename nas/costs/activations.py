"""Activations that a training step of our proxy keeps for its backward pass, in bytes.

Each method counts the numbers that one part of `nas.proxy.network` and `nas.attention` saves: a part that changes there
changes here.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nas.costs.target import ProxyTarget
from nas.patterns.arrays import Positions
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.blocks.visible import nonempty_by_rows
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Select

MOST_SHORT_SCORES = 1 << 16
"""Most pairs of a sequence for which `dense` keeps probabilities, as `nas.attention.short` does."""
QUERIES_A_SPAN = 64
"""Queries whose probabilities are kept for one range of keys, as in `nas.attention.bias`."""
_FLOAT_BYTES = 4
"""On a CPU proxies train in float32."""
_INDEX_BYTES = 8
"""Targets, and the blocks that `select` heads chose, are int64."""


def proxy_activation_bytes(pattern: ModelPattern, target: ProxyTarget, num_tokens: int) -> int:
    """What the allocator holds between the passes of a step of one sequence, beyond weights and inputs, in bytes.

    What `low_rank` heads and a memory add is not counted.

    Args:
        pattern: with the layers and heads of the target.
        target: the proxy and its backend; it reads out at every token, and has no token shift.
        num_tokens: sequence length n, in tokens.
    """
    step = _Step(target, pattern.position, num_tokens)
    layers = sum(step.layer(layer.head_patterns()) for layer in pattern.layers)
    return layers + step.readout()


@dataclass(frozen=True, slots=True)
class _Step:
    """One training step; all numbers of a method are in float32 where it does not say bytes."""

    target: ProxyTarget
    position: str
    num_tokens: int

    @property
    def width(self) -> int:
        """Of a hidden state, in features."""
        return self.target.d_model

    @property
    def key_width(self) -> int:
        """Of the queries, or keys, of all heads, with what positions append to them, in features."""
        return self.width + self.target.num_heads * {"alibi": 2, "relative": self.width}.get(self.position, 0)

    def layer(self, heads: tuple[HeadPattern, ...]) -> int:
        """In bytes."""
        numbers = self.normed_product(3 * self.width) + self.normed_product(self.target.d_mlp)
        numbers += 2 * self.num_tokens * self.target.d_mlp  # before and after GELU
        numbers += 3 * self.num_tokens * self.width + self.of_positions()  # queries, keys and values in one
        if self.target.backend == "pieces":
            return _FLOAT_BYTES * (numbers + self.outputs(heads)) + _INDEX_BYTES * self.choices(heads)
        return _FLOAT_BYTES * (numbers + (self.short(heads) if self.is_short else self.fused(heads)))

    def readout(self) -> int:
        """The last norm, its input too, and product, the logarithms of the probabilities, and the targets, in bytes."""
        numbers = self.normed_product(self.target.vocab_size) + self.num_tokens * self.target.vocab_size
        numbers += self.num_tokens * self.width
        return _FLOAT_BYTES * numbers + _INDEX_BYTES * self.num_tokens

    def normed_product(self, width_out: int) -> int:
        """The normalised input, an inverse size for each token, and the matrix with the gain in it."""
        return self.num_tokens * (self.width + 1) + self.width * width_out

    def of_positions(self) -> int:
        """Keys, and but for short attention queries, where positions make new ones; what makes relative positions."""
        if self.position in ("none", "learned"):
            return 0
        encoded = (1 if self.is_short else 2) * self.num_tokens * self.key_width
        if self.position != "relative":
            return encoded
        return encoded + 2 * self.num_tokens * self.width  # queries with the bias of positions, and the sinusoids

    @property
    def is_short(self) -> bool:
        """Whether attention runs by plain products."""
        return self.target.backend == "dense" and self.num_tokens**2 <= MOST_SHORT_SCORES

    def short(self, heads: tuple[HeadPattern, ...]) -> int:
        """Scaled queries, the probabilities of each span, and the output with the heads of a token side by side."""
        masks = [head for head in heads if head.computed is None]
        probabilities = (len(heads) - len(masks)) * self.num_tokens**2
        if masks:
            probabilities += len(masks) * _pairs_in_spans(frozenset(masks), self.num_tokens)
        return self.num_tokens * (self.key_width + self.width) + probabilities

    def fused(self, heads: tuple[HeadPattern, ...]) -> int:
        """What `scaled_dot_product_attention` keeps; masks are made once for all steps, but not those of choices."""
        if self.position in ("alibi", "relative"):  # keys are wider than values, so that its fused kernel is not used
            return self.num_tokens * (self.width + len(heads) * self.num_tokens)
        return self.outputs(heads) + sum(head.computed is not None for head in heads) * self.num_tokens**2

    def outputs(self, heads: tuple[HeadPattern, ...]) -> int:
        """The output, the same copied where it joins those of masks and of `select`, a log-sum-exp for each query."""
        copies = len({head.computed is None for head in heads})
        return self.num_tokens * (copies * self.width + len(heads))

    def choices(self, heads: tuple[HeadPattern, ...]) -> int:
        """The blocks that each query of a `select` head chose, as indices."""
        selects = [head.computed for head in heads if isinstance(head.computed, Select)]
        return self.num_tokens * sum(min(select.blocks, self.num_tokens // select.block) for select in selects)


@lru_cache(maxsize=1 << 14)  # a search meets the same layers in trial after trial
def _pairs_in_spans(heads: frozenset[HeadPattern], num_tokens: int) -> int:
    """Pairs of a head for which short attention keeps probabilities: each span of queries by the range of its keys."""
    tiling = Tiling(num_tokens, QUERIES_A_SPAN, 1)
    ranges = [_keys_of_spans(head, num_tokens) for head in heads]
    first = np.minimum.reduce([start for start, _ in ranges])
    last = np.maximum.reduce([stop for _, stop in ranges])
    start, stop = tiling.query_edges(slice(0, tiling.num_rows))
    return int(((stop - start)[:, 0] * (last + 1 - first)).sum())


@lru_cache(maxsize=4096)  # a search meets the same heads in trial after trial
def _keys_of_spans(head: HeadPattern, num_tokens: int) -> tuple[Positions, Positions]:
    """The first and the last key that each span of queries sees."""
    seen = np.concatenate(list(nonempty_by_rows(head, Tiling(num_tokens, QUERIES_A_SPAN, 1))))
    return seen.argmax(axis=1), num_tokens - 1 - seen[:, ::-1].argmax(axis=1)
