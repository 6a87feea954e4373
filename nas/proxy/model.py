"""A Transformer that is K Transformers side by side.

Shapes are written with K members, B sequences, T tokens, H heads a member, D features, F features a head.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas.attention.module import attend
from nas.errors import PatternError
from nas.patterns.model import ModelPattern
from nas.proxy.layout import Layout
from nas.proxy.rotary import rotary_table, rotate
from nas.proxy.settings import ProxySettings


class CohortTransformer(nn.Module):
    """Pre-norm decoder layers (RMSNorm, RoPE, GELU) for K members that share nothing but their input.

    Linear layers are batched matrix products over the members; attention sees K * H heads, each with its own
    pattern. One member is the ordinary case with K = 1.

    Args:
        rows: all weights, one row a member, shape (K, layout.num_parameters).
        layout: where the weights lie in a row.
        patterns: what each member attends to.
        proxy: sizes of the model.
        num_tokens: sequence length, in tokens.
        backend: how attention runs; see `nas.attention.module.attend`.

    Raises:
        PatternError: a pattern has other numbers of layers or heads than the proxy.
    """

    rotary: Tensor

    def __init__(
        self,
        rows: Tensor,
        layout: Layout,
        patterns: Sequence[ModelPattern],
        proxy: ProxySettings,
        num_tokens: int,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        assert rows.shape == (len(patterns), layout.num_parameters)
        assert proxy.d_model % (2 * proxy.num_heads) == 0
        for pattern in patterns:
            _check_fit(pattern, proxy)
        self.rows = nn.Parameter(rows.clone())
        self._layout, self._proxy, self._backend = layout, proxy, backend
        self._heads = [
            tuple(head for pattern in patterns for head in pattern.layers[layer].head_patterns())
            for layer in range(proxy.num_layers)
        ]
        self.register_buffer("rotary", rotary_table(num_tokens, proxy.d_model // proxy.num_heads), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Scores of every next token, shape (K, B * T, vocabulary), from tokens of shape (B, T)."""
        weights = self._layout.unpack(self.rows)
        x = weights["embedding"].index_select(1, tokens.flatten())
        if self._proxy.token_shift:
            x = _shift(x.view(len(x), *tokens.shape, -1), weights["token_shift"]).flatten(1, 2)
        for layer in range(self._proxy.num_layers):
            x = x + self._attention(x, weights, layer, tokens.shape)
            x = x + _mlp(x, weights, layer)
        return _normed_product(x, weights["norm"], weights["head"])

    def _attention(self, x: Tensor, weights: dict[str, Tensor], layer: int, shape: torch.Size) -> Tensor:
        projected = _normed_product(x, weights[f"{layer}.attention_norm"], weights[f"{layer}.query_key_value"])
        # (K, B * T, 3 * D) -> (3, B, K, H, T, F) -> (3, B, K * H, T, F)
        split = projected.view(len(x), *shape, 3, self._proxy.num_heads, -1)
        query, key, value = split.permute(3, 1, 0, 4, 2, 5).flatten(2, 3).unbind()
        query, key = rotate(query, self.rotary), rotate(key, self.rotary)
        attended = attend(query, key, value, self._heads[layer], backend=self._backend)
        # (B, K * H, T, F) -> (K, B * T, D)
        by_member = attended.reshape(shape[0], len(x), self._proxy.num_heads, shape[1], -1)
        merged = by_member.permute(1, 0, 3, 2, 4).reshape(x.shape)
        return torch.bmm(merged, weights[f"{layer}.attention_out"])


def _mlp(x: Tensor, weights: dict[str, Tensor], layer: int) -> Tensor:
    hidden = _normed_product(x, weights[f"{layer}.mlp_norm"], weights[f"{layer}.mlp_in"])
    return torch.bmm(functional.gelu(hidden), weights[f"{layer}.mlp_out"])


def _normed_product(x: Tensor, gain: Tensor, matrix: Tensor) -> Tensor:
    """RMSNorm, its gain, and the linear layer that reads it: (K, tokens, in) by (K, in, out).

    The gain is multiplied into the matrix: the same function, on far fewer numbers than the activations are.
    """
    return torch.bmm(functional.rms_norm(x, x.shape[-1:]), gain[:, :, None] * matrix)


def _shift(x: Tensor, share: Tensor) -> Tensor:
    """Each token mixed with the one before it, feature by feature: shape (K, B, T, D), share (K, D)."""
    before = functional.pad(x, (0, 0, 1, 0))[:, :, :-1]
    return torch.lerp(x, before, share[:, None, None, :])


def _check_fit(pattern: ModelPattern, proxy: ProxySettings) -> None:
    if pattern.num_layers != proxy.num_layers:
        raise PatternError("layers", f"must count {proxy.num_layers} (proxy.num_layers)", pattern.num_layers)
    if pattern.num_heads != proxy.num_heads:
        raise PatternError("layers[0].heads", f"must count {proxy.num_heads} (proxy.num_heads)", pattern.num_heads)
