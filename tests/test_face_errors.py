"""The Python face: what is wrong is named, as on the command line."""

from typing import Any

import pytest
import torch

import nas
from nas.errors import InputError
from nas.patterns.model import ModelPattern

DOCUMENT = {
    "schema": "nas.pattern/1",
    "causal": True,
    "layers": [{"heads": [{"count": 2, "attend": [{"kind": "full"}]}]}],
}


@pytest.fixture
def pattern() -> ModelPattern:
    return nas.load_pattern(DOCUMENT)


@pytest.mark.parametrize("source", [None, 5, [1], b"x"])
def test_a_pattern_comes_from_a_path_or_a_mapping(source: Any) -> None:
    with pytest.raises(InputError, match=r"^pattern: must be the path"):
        nas.load_pattern(source)


@pytest.mark.parametrize("num_tokens", [0, -1, 1.5, "64", None, True, 10**30])
def test_costs_want_a_length_that_can_be_counted(pattern: ModelPattern, num_tokens: Any) -> None:
    with pytest.raises(InputError, match=r"num_tokens: must be a whole number from 1"):
        nas.cost(pattern, num_tokens=num_tokens)


def test_costs_want_a_pattern_and_a_target(pattern: ModelPattern) -> None:
    with pytest.raises(InputError, match=r"^pattern: must be a ModelPattern.*load_pattern"):
        nas.cost(DOCUMENT, num_tokens=8)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^target: must be a nas.Target"):
        nas.cost(pattern, num_tokens=8, target="llama-3-8b-32k")  # type: ignore[arg-type]


@pytest.mark.parametrize(("layer", "num_tokens"), [(1, 8), (-1, 8), ("0", 8), (0, 0), (0, -1), (0, "8")])
def test_masks_want_a_layer_and_tokens(pattern: ModelPattern, layer: Any, num_tokens: Any) -> None:
    with pytest.raises(InputError, match=r"^(layer|num_tokens): must be "):
        pattern.mask(layer, num_tokens)


def test_attention_wants_one_layer_a_backend_and_tensors(pattern: ModelPattern) -> None:
    with pytest.raises(InputError, match=r"^pattern: .*take layers\[0\]"):
        nas.SparseAttention(pattern)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^backend: "):
        nas.SparseAttention(pattern.layers[0], backend=None)
    with pytest.raises(InputError, match=r"^k: must be a torch.Tensor"):
        nas.SparseAttention(pattern.layers[0])(torch.ones(1, 2, 4, 8), [1], [1])
