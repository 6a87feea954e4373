"""What every generated module promises: an exam that the tests of each template sit."""

import ast
import sys

import pytest
import torch

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.supported_patterns import load_module


def imported_packages(source: str) -> set[str]:
    """The packages that a module imports, at its top or inside its functions, without the standard library's."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None and not node.level
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found - set(sys.stdlib_module_names)


class AttentionExam:
    """`attention(layer, q, k, v)` of a module that a model calls with tensors.

    A test class inherits it and names the format.
    """

    format_name: str

    def test_attention_equals_dense_attention_and_has_gradients(self) -> None:
        pattern = ModelPattern.of([(HeadGroup(2, (Window(3), Global(1))), HeadGroup(2, (Full(),)))])
        q, k, v = torch.randn(3, 2, 4, 20, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        q.requires_grad_()
        out = load_module(self.format_name, pattern)["attention"](0, q, k, v)
        scores = (q @ k.mT * 8**-0.5).masked_fill(~torch.from_numpy(pattern.mask(0, 20)), -torch.inf)
        torch.testing.assert_close(out, scores.softmax(-1) @ v)
        out.sum().backward()
        assert q.grad is not None and q.grad.isfinite().all()

    def test_attention_with_grouped_queries(self) -> None:
        module = load_module(self.format_name, ModelPattern.of([(HeadGroup(4, (Window(3),)),)]))
        generator = torch.Generator().manual_seed(0)
        q, kv = torch.randn(1, 4, 9, 8, generator=generator), torch.randn(1, 2, 9, 8, generator=generator)
        repeated = kv.repeat_interleave(2, dim=1)
        torch.testing.assert_close(module["attention"](0, q, kv, kv), module["attention"](0, q, repeated, repeated))

    def test_wrong_shapes_and_layers_are_refused(self) -> None:
        module = load_module(self.format_name, ModelPattern.of([(HeadGroup(4, (Window(3),)),)]))
        q = torch.randn(1, 3, 9, 8)
        with pytest.raises(ValueError, match="must have 4 query heads"):
            module["attention"](0, q, q, q)
        with pytest.raises(ValueError, match="layer: must be from 0 to 0, got 1"):
            module["mask_mod"](1)
