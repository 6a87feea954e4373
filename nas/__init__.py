"""Neural architecture search for attention sparsity patterns.

The stable face for other programs; everything is imported when it is first used, so that
`import nas` alone costs nothing.

    pattern = nas.load_pattern("pattern.json")
    pattern.mask(layer=0, num_tokens=512)         # bool, (heads, queries, keys)
    nas.cost(pattern, num_tokens=32_768).pairs
    nas.SparseAttention(pattern.layers[0])(q, k, v)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.attention.module import SparseAttention
    from nas.costs.counting import cost_for as cost
    from nas.costs.target import Target
    from nas.patterns.file import load_pattern
    from nas.patterns.model import ModelPattern

__all__ = ["ModelPattern", "SparseAttention", "Target", "cost", "load_pattern"]

_PLACES = {
    "ModelPattern": ("nas.patterns.model", "ModelPattern"),
    "SparseAttention": ("nas.attention.module", "SparseAttention"),
    "Target": ("nas.costs.target", "Target"),
    "cost": ("nas.costs.counting", "cost_for"),
    "load_pattern": ("nas.patterns.file", "load_pattern"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'nas' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)
