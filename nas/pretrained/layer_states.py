"""The states between the layers of a decoder, kept so that a pass need not repeat layers whose result is known.

Two patterns with the same leading layers have the same states above them. A pass through the model's own forward
function then skips these layers: embedding, rotations, norms and the output matrix stay the model's own.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from cachetools import LRUCache
from torch import Tensor, nn

Heads = tuple[Hashable, ...]
"""What every layer attends to, by layer."""


class LayerStates:
    """Makes the layers of a model skip what is known of a batch.

    Args:
        layers: the model's layers in their order; each is called once a pass, with the states as its first argument.
        most_bytes: how much is kept of earlier batches and patterns, in bytes; 0 for nothing.
    """

    def __init__(self, layers: Sequence[nn.Module], most_bytes: int) -> None:
        self._num_layers = len(layers)
        self._kept: LRUCache[Hashable, Any] = LRUCache(most_bytes, getsizeof=_num_bytes)
        self._batch: Hashable = None
        self._heads: Heads = ()
        self._active = self._keeps = False
        self._first = 0
        self._found: Any = None
        self.num_run = 0
        """Layers that were run while states were used, for tests and benchmarks."""
        for index, layer in enumerate(layers):
            layer.forward = partial(self._run, index, layer.forward)

    @contextmanager
    def of(self, batch: Hashable, heads: Heads, *, keep: bool) -> Iterator[None]:
        """Passes over one batch under one pattern: the first one runs the layers that are not known, others none.

        Args:
            batch: identifies the tokens and their layout.
            heads: what every layer attends to.
            keep: whether later batches and patterns may find these states, as far as there is room.
        """
        self._batch, self._heads, self._active, self._keeps = batch, heads, True, keep
        self._first, self._found = self._highest()
        try:
            yield
        finally:
            self._active, self._found = False, None

    def forget(self) -> None:
        """Drop everything that is kept: the weights have changed."""
        self._kept.clear()

    def _run(self, index: int, forward: Callable[..., Any], state: Any, *arguments: Any, **named: Any) -> Any:
        if not self._active:
            return forward(state, *arguments, **named)
        if index < self._first:
            return self._found[0] if self._found is not None else state
        out = forward(state, *arguments, **named)
        self.num_run += 1
        if self._keeps and _num_bytes((out,)) <= self._kept.maxsize:
            self._kept[self._key(index + 1)] = (out,)
        if index + 1 == self._num_layers:
            self._first, self._found = self._num_layers, (out,)
        return out

    def _highest(self) -> tuple[int, Any]:
        """How many leading layers are known, and what came out of them; 0 and None for none."""
        for above in range(len(self._heads), 0, -1):
            if (kept := self._kept.get(self._key(above))) is not None:
                return above, kept
        return 0, None

    def _key(self, above: int) -> Hashable:
        """Of the states above so many layers."""
        return (self._batch, self._heads[:above])


def _num_bytes(kept: tuple[Any]) -> int:
    """The size of what a layer returned, a tensor or a tuple of them, in bytes."""
    (out,) = kept
    tensors = out if isinstance(out, tuple) else (out,)
    return sum(each.numel() * each.element_size() for each in tensors if isinstance(each, Tensor))
