"""Each mask primitive as a line of a generated module, over q_idx, kv_idx, length and COLUMNS."""

from collections.abc import Callable
from typing import Any

from nas.patterns.primitives import (
    Block,
    Columns,
    Full,
    Global,
    Neighborhood,
    Primitive,
    Random,
    Stride,
    Stripe,
    Tile,
    Window,
)


def _full(primitive: Full) -> str:
    return "(q_idx >= 0) & (kv_idx >= 0)"


def _window(primitive: Window) -> str:
    before, after = primitive.before * primitive.dilation, primitive.after * primitive.dilation
    inside = f"(q_idx - kv_idx <= {before}) & (kv_idx - q_idx <= {after})"
    return inside if primitive.dilation == 1 else f"{inside} & ((q_idx - kv_idx) % {primitive.dilation} == 0)"


def _global(primitive: Global) -> str:
    first, last = primitive.first, primitive.last
    parts = [f"(kv_idx < {first}) | (q_idx < {first})"] if first else []
    parts += [f"(kv_idx >= length - {last}) | (q_idx >= length - {last})"] if last else []
    return " | ".join(parts)


def _stride(primitive: Stride) -> str:
    return f"(q_idx - kv_idx) % {primitive.every} == 0"


def _columns(primitive: Columns) -> str:
    return f"kv_idx % {primitive.every} >= {primitive.every - primitive.width}"


def _block(primitive: Block) -> str:
    tokens, shift = primitive.tokens, primitive.shift
    query, key = (f"({index} + {shift})" if shift else index for index in ("q_idx", "kv_idx"))
    return f"{query} // {tokens} == {key} // {tokens}"


def _stripe(primitive: Stripe) -> str:
    query, key = (_row(index) if primitive.axis == "row" else _column(index) for index in ("q_idx", "kv_idx"))
    return f"{query} // {primitive.width} == {key} // {primitive.width}"


def _tile(primitive: Tile) -> str:
    row_q, row_k = (f"({_row(index)} + {primitive.shift_row})" for index in ("q_idx", "kv_idx"))
    column_q, column_k = (f"({_column(index)} + {primitive.shift_column})" for index in ("q_idx", "kv_idx"))
    same_rows = f"{row_q} // {primitive.height} == {row_k} // {primitive.height}"
    return f"({same_rows}) & ({column_q} // {primitive.width} == {column_k} // {primitive.width})"


def _neighborhood(primitive: Neighborhood) -> str:
    rows = f"({_row('q_idx')} - {_row('kv_idx')}).abs() <= {primitive.height // 2}"
    columns = f"({_column('q_idx')} - {_column('kv_idx')}).abs() <= {primitive.width // 2}"
    return f"({rows}) & ({columns})"


def _row(index: str) -> str:
    return f"({index} // COLUMNS)"


def _column(index: str) -> str:
    return f"({index} % COLUMNS)"


def _random(primitive: Random) -> str:
    return f"{table_name(primitive)}[h, q_idx // {primitive.block}, kv_idx // {primitive.block}]"


def table_name(random: Random) -> str:
    """The variable that holds the drawn blocks of a `random` primitive."""
    return f"drawn_{random.block}_{random.blocks}_{random.seed}"


EXPRESSIONS: dict[type[Primitive], Callable[[Any], str]] = {
    Full: _full,
    Window: _window,
    Global: _global,
    Stride: _stride,
    Columns: _columns,
    Block: _block,
    Random: _random,
    Stripe: _stripe,
    Tile: _tile,
    Neighborhood: _neighborhood,
}
"""What a generated module can represent."""


def needs_length(primitive: Primitive) -> bool:
    """Whether the mask depends on the sequence length."""
    return isinstance(primitive, Random) or (isinstance(primitive, Global) and primitive.last > 0)


def needs_grid(primitive: Primitive) -> bool:
    """Whether the mask depends on the pattern's grid."""
    return isinstance(primitive, Stripe | Tile | Neighborhood)
