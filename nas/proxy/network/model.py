"""The proxy: K Transformers trained side by side as one model.

Shapes are written with K members, B sequences, T tokens, H heads a member, D features, F features a head, and M
remembered tokens.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas.attention.head_groups import Heads
from nas.attention.module import attend
from nas.patterns.model import ModelPattern
from nas.proxy.network.layout import check_fit, layout_for
from nas.proxy.network.local_mixing import convolved, shifted
from nas.proxy.network.operations import by_place, normed_product
from nas.proxy.network.positions import Positions
from nas.proxy.network.projections import projections
from nas.proxy.network.readout import read_out
from nas.proxy.settings import ProxySettings
from nas.tasks.task import Task


class CohortTransformer(nn.Module):
    """Pre-norm decoder layers (RMSNorm, GELU) for K members that share nothing but their input.

    Linear layers are batched matrix products over the members; attention sees K * H heads, each with its own
    pattern. A single proxy is the ordinary case with K = 1.

    Args:
        rows: all weights, one row a member, shape (K, num_parameters), in the order of the members' layout.
        patterns: what each member attends to.
        proxy: sizes of the model.
        task: its vocabulary, length and readout determine the rest.
        backend: how attention runs; see `nas.attention.module.attend`.

    Raises:
        PatternError: a pattern does not fit the proxy or the task.
    """

    def __init__(
        self, rows: Tensor, patterns: Sequence[ModelPattern], proxy: ProxySettings, task: Task, backend: str = "auto"
    ) -> None:
        super().__init__()
        assert proxy.d_model % (2 * proxy.num_heads) == 0
        for pattern in patterns:
            check_fit(pattern, task, proxy)
        (self.layout,) = {layout_for(pattern, proxy, task) for pattern in patterns}
        assert rows.shape == (len(patterns), self.layout.num_parameters)
        self.rows = nn.Parameter(rows.clone())
        self._proxy, self._readout, self._backend = proxy, task.readout, backend
        self._heads = [
            Heads(head for pattern in patterns for head in pattern.layers[layer].head_patterns())
            for layer in range(proxy.num_layers)
        ]
        self._heads_alone = [Heads(replace(head, memory_tokens=0) for head in heads) for heads in self._heads]
        self._remembered = [max(head.memory_tokens for head in heads) for heads in self._heads]
        self._positions = Positions(self.layout.position, proxy, task.num_tokens, max(self._remembered))

    def forward(self, tokens: Tensor, context: Tensor | None = None) -> Tensor:
        """Scores of every entry of the vocabulary.

        Args:
            tokens: shape (B, T).
            context: the previous segment, same shape; required if some head has a memory, ignored otherwise.

        Returns:
            shape (K, B * T, vocabulary), or (K, B, vocabulary) for the readout "mean".
        """
        weights = self.layout.unpack(self.rows)
        memory = self._remember(context, weights)
        x = self._embed(tokens, weights)
        for layer in range(self._proxy.num_layers):
            x = self._layer(x, tokens.shape, memory[layer], weights, layer)
        return read_out(self._readout, by_place(x, tokens), weights)

    @torch.no_grad()
    def _remember(self, context: Tensor | None, weights: dict[str, Tensor]) -> list[Tensor | None]:
        """For each layer with a memory, its last inputs in the previous segment, shape (K, B * M, D); else None.

        That segment sees no earlier one, and no gradient reaches it.
        """
        memory: list[Tensor | None] = [None] * len(self._remembered)
        if not any(self._remembered):
            return memory
        assert context is not None
        x = self._embed(context, weights)
        for layer, num_tokens in enumerate(self._remembered):
            if num_tokens:
                mixed = self._mix(x, context.shape, weights, layer)
                memory[layer] = by_place(mixed, context)[:, :, -num_tokens:].flatten(1, 2)
            if not any(self._remembered[layer + 1 :]):
                break
            x = self._layer(x, context.shape, None, weights, layer)
        return memory

    def _embed(self, tokens: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """The input of the first layer, shape (K, B * T, D)."""
        x = weights["embedding"].index_select(1, tokens.flatten())
        if self.layout.position == "learned":
            x = (by_place(x, tokens) + weights["position_embedding"][:, None]).flatten(1, 2)
        if self._proxy.token_shift:
            x = shifted(by_place(x, tokens), weights["token_shift"]).flatten(1, 2)
        return x

    def _layer(
        self, x: Tensor, shape: torch.Size, memory: Tensor | None, weights: dict[str, Tensor], layer: int
    ) -> Tensor:
        x = x + self._attention(self._mix(x, shape, weights, layer), shape, memory, weights, layer)
        hidden = normed_product(x, weights[f"{layer}.mlp_norm"], weights[f"{layer}.mlp_in"])
        return x + torch.bmm(functional.gelu(hidden), weights[f"{layer}.mlp_out"])

    def _mix(self, x: Tensor, shape: torch.Size, weights: dict[str, Tensor], layer: int) -> Tensor:
        """What a layer's attention reads: x, and a short convolution of it where the proxy has one."""
        if not self._proxy.convolution_tokens:
            return x
        return convolved(x.view(len(x), *shape, -1), weights[f"{layer}.convolution"]).flatten(1, 2)

    def _attention(
        self, x: Tensor, shape: torch.Size, memory: Tensor | None, weights: dict[str, Tensor], layer: int
    ) -> Tensor:
        gain, matrix = weights[f"{layer}.attention_norm"], weights[f"{layer}.query_key_value"]
        query, key, value = self._split(normed_product(x, gain, matrix), shape[0], 3)
        if memory is not None:
            # A gradient goes to the matrix, none to the remembered states.
            old = self._split(normed_product(memory, gain, matrix[..., x.shape[2] :]), shape[0], 2)
            key, value = (torch.cat(pair, dim=2) for pair in zip(old, (key, value), strict=True))
        query, key = self._positions(query, key, weights, layer)
        attended = self._attend(query, key, value, weights, layer)
        # (B, K * H, T, F) -> (K, B * T, D)
        by_member = attended.reshape(shape[0], len(x), self._proxy.num_heads, shape[1], -1)
        merged = by_member.permute(1, 0, 3, 2, 4).reshape(x.shape)
        return torch.bmm(merged, weights[f"{layer}.attention_out"])

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, weights: dict[str, Tensor], layer: int) -> Tensor:
        """Attention to a sequence and to the memory before it: key and value may have more tokens than query."""
        num_old = key.shape[2] - query.shape[2]
        heads = self._heads[layer] if num_old else self._heads_alone[layer]
        return attend(
            query,
            key[:, :, num_old:],
            value[:, :, num_old:],
            heads,
            self._backend,
            1 / math.sqrt(value.shape[3]),
            memory=(key[:, :, :num_old], value[:, :, :num_old]) if num_old else None,
            projections=projections(weights, layer, heads, value.dtype),
        )

    def _split(self, projected: Tensor, batch_size: int, num_parts: int) -> tuple[Tensor, ...]:
        """(K, B * T, parts * D) into parts of shape (B, K * H, T, F)."""
        num_heads, d_head = self._proxy.num_heads, self._proxy.d_model // self._proxy.num_heads
        split = projected.view(len(projected), batch_size, -1, num_parts, num_heads, d_head)
        return split.permute(3, 1, 0, 4, 2, 5).flatten(2, 3).unbind()
