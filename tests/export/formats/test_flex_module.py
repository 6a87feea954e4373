"""The file of format `flex`: one module that needs only torch."""

import pytest

from nas.errors import ExportError
from nas.export import FORMATS
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.generated_modules import imported_packages
from tests.supported_patterns import files_of, load_module, provenance_of

PATTERN = ModelPattern.of([(HeadGroup(1, (Window(5), Global(2))), HeadGroup(1, (Full(),)))] * 2)


def test_it_is_one_module_that_imports_only_torch():
    [(name, source)] = files_of("flex", PATTERN).items()
    assert name == "attention_pattern.py"
    assert imported_packages(str(source)) == {"torch"}


def test_the_module_has_the_names_that_the_docs_promise():
    module = load_module("flex", PATTERN)
    assert all(callable(module[name]) for name in ("attention", "block_mask", "mask_mod", "mask"))
    names = ("PATTERN_ID", "CAUSAL", "POSITION", "NUM_LAYERS", "NUM_HEADS")
    assert [module[name] for name in names] == [PATTERN.id, True, "rope", 2, 2]
    assert module["PROVENANCE"]["trial"] == provenance_of(PATTERN).trial


def test_a_module_with_another_mask_is_found_out():
    [(name, source)] = files_of("flex", PATTERN).items()
    edited = str(source).replace("q_idx - kv_idx <= 5", "q_idx - kv_idx <= 4")
    assert edited != source
    with pytest.raises(ExportError, match=r"^flex: the mask read back differs from the pattern's in layer 0, head 0"):
        FORMATS["flex"].check({name: edited}, PATTERN)
