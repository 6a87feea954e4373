"""The target: the model for which a pattern's cost is counted."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

from nas.errors import InputError, unknown
from nas.ranges import check_num_tokens, check_range
from nas.results.phase import Phase

MOST_SIZE = 2**31
"""Largest size of a model: no such model exists, and costs that are made of larger ones are no floats."""


@dataclass(kw_only=True, slots=True)
class TargetOptions:
    """How the attention of a target runs, whatever its sizes; as a target, the model of the study with these options.

    Args:
        block: queries, and keys, of a tile that its attention kernel computes, in tokens.
        grid_tile: rows and columns of the tiles into which its kernel permutes the tokens of a grid, `block` tokens in
            all; None if it reads a grid row by row.
        phase: what measured objectives run on it: prefill, decode or train.

    Raises:
        InputError: block is below 1, grid_tile does not hold `block` tokens, or the phase is unknown.
    """

    block: int = 128
    grid_tile: list[int] | None = None
    phase: Phase = "prefill"

    def __post_init__(self) -> None:
        if self.block < 1:
            raise InputError("target.block", "must be 1 or more", self.block)
        if self.grid_tile is not None:
            self._check_grid_tile(self.grid_tile)
        if self.phase not in get_args(Phase):
            raise unknown("target.phase", self.phase, get_args(Phase), "phase")

    def _check_grid_tile(self, grid_tile: list[int]) -> None:
        if len(grid_tile) != 2 or min(grid_tile) < 1 or grid_tile[0] * grid_tile[1] != self.block:
            allowed = f"must be rows and columns of {self.block} tokens (target.block), as [R,C], or null"
            raise InputError("target.grid_tile", allowed, grid_tile)


@dataclass(kw_only=True, slots=True)
class Target(TargetOptions):
    """Dimensions of a decoder or encoder, independent of the proxy that is trained.

    Args:
        name: its name in reports.
        num_tokens: sequence length n, in tokens.
        num_layers: layers; a pattern with fewer or more is stretched (docs/costs.md).
        num_heads: query heads per layer; a pattern with fewer or more is stretched.
        num_kv_heads: key-value heads per layer, a divisor of num_heads.
        d_model: width of the residual stream, in features.
        d_head: width of a head, in features.
        d_mlp: width of the MLP, in features.
        gated_mlp: whether the MLP has three matrices (SwiGLU) instead of two.
        vocab_size: entries of the vocabulary.
        tied_embeddings: whether the output matrix is the embedding.
        bytes_per_element: size of a stored number, in bytes.
        fused_attention: whether the training kernel stores no scores, so that their activation bytes are not counted.
        native_windows: the attention that the model was published with: for each layer the keys that a query sees, its
            own included, or None for all; repeated from the first layer on, so that [1024, None] alternates. None if
            unknown.

    Raises:
        InputError: a size is below 1, num_tokens is above MOST_TOKENS, num_kv_heads does not divide num_heads,
            native_windows does not fit the layers, or an option cannot be used.
    """

    name: str
    num_tokens: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    d_model: int
    d_head: int
    d_mlp: int
    gated_mlp: bool = False
    vocab_size: int = 256
    tied_embeddings: bool = False
    bytes_per_element: int = 2
    fused_attention: bool = False
    native_windows: list[int | None] | None = None

    def __post_init__(self) -> None:
        TargetOptions.__post_init__(self)  # a dataclass with slots has no plain super()
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is int and value < 1:
                raise InputError(f"target.{field.name}", "must be 1 or more", value)
            if field.type is int and field.name != "num_tokens":
                check_range(f"target.{field.name}", value, most=MOST_SIZE)
        check_num_tokens(self.num_tokens, "target.num_tokens")
        if self.num_heads % self.num_kv_heads:
            raise InputError(
                "target.num_kv_heads", f"must divide target.num_heads ({self.num_heads})", self.num_kv_heads
            )
        if self.native_windows is not None:
            self._check_native_windows(self.native_windows)

    def _check_native_windows(self, windows: list[int | None]) -> None:
        if not 1 <= len(windows) <= self.num_layers:
            allowed = f"must list 1 to {self.num_layers} layers (target.num_layers)"
            raise InputError("target.native_windows", allowed, windows)
        for index, keys in enumerate(windows):
            if keys is not None and keys < 1:
                allowed = "must be 1 key or more, as a query sees itself, or null for all keys"
                raise InputError(f"target.native_windows[{index}]", allowed, keys)


FEWEST_TOKENS_FOR_PIECES = 512
"""Shorter proxies run dense, as `nas.attention.choice` decides."""


@dataclass(kw_only=True, slots=True)
class ProxyTarget(Target):
    """Our proxy as a target: its activations are those of our network, not of a published decoder.

    Args:
        backend: the backend that its attention is trained with on a CPU.
    """

    backend: Literal["dense", "pieces"] = "dense"


def proxy_target(
    *,
    num_layers: int,
    num_heads: int,
    num_tokens: int,
    d_model: int | None = None,
    mlp_ratio: int = 4,
    vocab_size: int = 256,
) -> ProxyTarget:
    """The proxy as a target: the default target of costs.

    Args:
        num_layers: layers of the proxy.
        num_heads: heads per layer, each with its own keys and values.
        num_tokens: sequence length n, in tokens.
        d_model: width of the residual stream, in features; None for 16 features per head.
        mlp_ratio: width of the MLP as a multiple of d_model.
        vocab_size: entries of the vocabulary.
    """
    d_model = 16 * num_heads if d_model is None else d_model
    return ProxyTarget(
        name="proxy",
        num_tokens=num_tokens,
        num_layers=num_layers,
        num_heads=num_heads,
        num_kv_heads=num_heads,
        d_model=d_model,
        d_head=d_model // num_heads,
        d_mlp=mlp_ratio * d_model,
        vocab_size=vocab_size,
        backend="dense" if num_tokens < FEWEST_TOKENS_FOR_PIECES else "pieces",
    )
