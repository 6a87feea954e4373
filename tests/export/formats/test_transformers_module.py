"""The files of format `transformers`: one module, for causal patterns."""

import sys

import pytest
import torch

from nas.export import FORMATS, export_points
from nas.export.contract.heads import Refusal
from nas.export.selection.point import ExportPoint
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Random, Tile, Window
from tests.generated_modules import imported_packages
from tests.supported_patterns import files_of, load_module, provenance_of

RANDOM = ModelPattern.of([(HeadGroup(2, (Window(1), Random(4, 1))),)])
GRID = ModelPattern.of([(HeadGroup(1, (Tile(2, 3),)), HeadGroup(1, (Full(),)))], grid=(4, 6))


def test_the_attention_imports_transformers_only_when_it_is_registered(monkeypatch):
    files = files_of("transformers", RANDOM)
    assert list(files) == ["transformers_attention.py", "transformers_cache.py"]
    attention, cache = (imported_packages(str(source)) for source in files.values())
    assert attention == {"torch", "transformers"} and cache == attention | {"transformers_attention"}
    monkeypatch.setitem(sys.modules, "transformers", None)
    module = load_module("transformers", RANDOM)
    with pytest.raises(ImportError):
        module["register"]()


@pytest.mark.parametrize("num_keys", [1, 5, 9, 16])
def test_drawn_blocks_are_those_of_the_pattern_at_every_number_of_keys(num_keys):
    """Their table is built for a length that is rounded up, which must not change them."""
    module = load_module("transformers", RANDOM)
    causal = torch.ones(1, 1, num_keys, num_keys, dtype=torch.bool).tril()
    assert torch.equal(module["visible"](0, causal)[0], torch.from_numpy(RANDOM.mask(0, num_keys)))


def test_a_grid_keeps_its_length_while_a_sequence_grows():
    module = load_module("transformers", GRID)
    whole = torch.from_numpy(GRID.mask(0, 24))
    for num_keys in (1, 7, 24):
        causal = torch.ones(1, 1, num_keys, num_keys, dtype=torch.bool).tril()
        assert torch.equal(module["visible"](0, causal)[0], whole[:, :num_keys, :num_keys])


def test_what_is_read_back_is_the_pattern():
    pattern = ModelPattern.of([(HeadGroup(1, (Window(5), Global(2))), HeadGroup(1, (Full(),)))])
    assert FORMATS["transformers"].check(files_of("transformers", pattern), pattern)


def test_a_pattern_that_looks_ahead_is_refused():
    pattern = ModelPattern.of([(HeadGroup(4, (Window(3, 3),)),)], causal=False)
    with pytest.raises(Refusal, match="transformers: cannot represent 'causal: false' in all layers"):
        files_of("transformers", pattern)


WINDOWED = ModelPattern.of([(HeadGroup(2, (Window(5), Global(2))),)])
FULL = ModelPattern.of([(HeadGroup(2, (Full(),)),)])


@pytest.mark.parametrize(
    ("pattern", "phase", "why_not"),
    [
        (WINDOWED, "both", None),
        (WINDOWED, "decode", None),
        (WINDOWED, "prefill", "tokens after the prompt see everything"),
        (FULL, "both", "in all heads a later token may see every key again"),
    ],
)
def test_the_readme_shows_the_cache_only_where_it_saves_something(pattern, phase, why_not, tmp_path):
    """Elsewhere PatternCache refuses."""
    point = ExportPoint(pattern=pattern, trained_pattern=pattern, provenance=provenance_of(pattern, phase))
    export_points([point], "transformers", tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert ("import PatternCache" in text) == (why_not is None)
    assert ("Leave `transformers_cache.py` aside: " in text) == (why_not is not None)
    assert why_not is None or f"{why_not},\nso no key can be dropped" in text
