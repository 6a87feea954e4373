"""The file of format `torch`: one module that needs only torch."""

import pytest

from nas.errors import ExportError
from nas.export import FORMATS
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.generated_modules import imported_packages
from tests.supported_patterns import files_of, load_module

PATTERN = ModelPattern.of([(HeadGroup(1, (Window(5, 5), Global(2))), HeadGroup(1, (Full(),)))] * 2, causal=False)


def test_it_is_one_module_that_imports_only_torch_and_no_flex_attention():
    [(name, source)] = files_of("torch", PATTERN).items()
    assert name == "torch_attention.py"
    assert imported_packages(str(source)) == {"torch"} and "flex_attention" not in str(source)


def test_the_module_has_the_names_that_the_docs_promise():
    module = load_module("torch", PATTERN)
    assert all(callable(module[name]) for name in ("attention", "Attention", "mask_mod", "mask"))
    assert (module["PATTERN_ID"], module["CAUSAL"], module["NUM_LAYERS"]) == (PATTERN.id, False, 2)
    assert not list(module["Attention"](0).parameters())


def test_a_module_with_another_mask_is_found_out():
    [(name, source)] = files_of("torch", PATTERN).items()
    edited = str(source).replace("kv_idx - q_idx <= 5", "kv_idx - q_idx <= 4")
    assert edited != source
    with pytest.raises(ExportError, match=r"^torch: the mask read back differs from the pattern's in layer 0, head 0"):
        FORMATS["torch"].check({name: edited}, PATTERN)
