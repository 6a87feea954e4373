"""Families against the config classes of transformers, which read the same files.

Source: transformers 5.23, models/*/configuration_*.py.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.config.model_config import read_model_config
from nas.config.model_families import FAMILIES
from nas.errors import InputError
from tests.strategies import quick

NUM_LAYERS = 7
SIZES: dict[str, Any] = {
    "hidden_size": 256,
    "intermediate_size": 96,
    "max_position_embeddings": 512,
    "num_attention_heads": 32,
    "num_hidden_layers": NUM_LAYERS,
    "vocab_size": 1000,
}
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "num_key_value_heads": st.sampled_from([1, 2, 32]),
    "head_dim": st.sampled_from([4, 16]),
    "tie_word_embeddings": st.booleans(),
    "sliding_window": st.integers(1, 99),
    "use_sliding_window": st.booleans(),
    "max_window_layers": st.integers(0, NUM_LAYERS),
    "sliding_window_pattern": st.integers(1, NUM_LAYERS),
}
LAYER_TYPES = st.lists(
    st.sampled_from(["full_attention", "sliding_attention"]), min_size=NUM_LAYERS, max_size=NUM_LAYERS
)
LISTING = ("qwen2", "qwen3", "gemma2", "gemma3_text", "gpt_oss", "olmo3", "smollm3")
"""The families whose classes read `layer_types`."""


SWITCHED = ("qwen2", "qwen3", "smollm3")
"""The families whose windows `use_sliding_window` switches on."""


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(FAMILIES)))
    document = SIZES | {"model_type": kind} | draw(st.fixed_dictionaries({}, optional=OPTIONAL))
    if kind != "gemma3_text":  # the only class that reads it
        document.pop("sliding_window_pattern", None)
    if kind == "smollm3" or (kind in LISTING and draw(st.booleans())):
        document["layer_types"] = draw(LAYER_TYPES)
    return document


def read(document: dict[str, Any]):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.json")
        file.write_text(json.dumps(document))
        return read_model_config(file)


def windows_of(config: Any) -> list[int | None]:
    """What the modeling files of these classes do: a window in the layers that `layer_types` names, or in all."""
    if config.model_type in ("mistral", "phi3"):
        return [config.sliding_window] * NUM_LAYERS
    kinds = getattr(config, "layer_types", None) if config.model_type in LISTING else None
    return [config.sliding_window if kind == "sliding_attention" else None for kind in kinds or [""] * NUM_LAYERS]


@settings(quick, max_examples=200)
@given(documents())
def test_a_file_means_what_it_means_to_transformers(document: dict[str, Any]) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(**document)
    off = document["model_type"] in SWITCHED and not document.get("use_sliding_window")
    if "sliding_attention" in document.get("layer_types", []) and (off or config.sliding_window is None):
        with pytest.raises(InputError, match=r"layer_types\[\d\]: must be full_attention, as no sliding_window is set"):
            read(document)
        return
    target = read(document)
    assert target.num_kv_heads == config.num_key_value_heads
    assert target.d_head == (getattr(config, "head_dim", None) or 256 // 32)
    assert target.tied_embeddings == config.tie_word_embeddings
    assert target.native_windows == windows_of(config)


@pytest.mark.parametrize("kind", FAMILIES)
def test_defaults_are_those_of_the_class(kind: str) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(kind)
    for key, value in FAMILIES[kind].defaults.items():
        if key == "sliding_window_pattern":  # written into the class as a number; the test above reads it
            continue
        if key == "sliding_window" and kind in ("qwen2", "qwen3"):  # None where it is switched off
            config = transformers.AutoConfig.for_model(kind, use_sliding_window=True)
        assert getattr(config, key) == value, key


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"sliding_window": 8}, "must have the key 'layer_types', as sliding_window is 8, got \"model_type 'foo'\"."),
        ({"layer_types": ["full_attention"]}, "layer_types: must list 7 layers, as num_hidden_layers says, got ["),
        (
            {"layer_types": ["full_attention"] * 6 + ["linear_attention"]},
            "layer_types[6]: must be full_attention or sliding_attention, got 'linear_attention'. Write its sizes to",
        ),
        (
            {"layer_types": ["sliding_attention"] * 7},
            "layer_types[0]: must be full_attention, as no sliding_window is set and switched on, got",
        ),
        ({"model_type": "qwen3", "use_sliding_window": True, "max_window_layers": -1}, "max_window_layers: must be a"),
        ({"model_type": "gemma3_text", "sliding_window_pattern": 0}, "sliding_window_pattern: must be a whole number"),
        ({"model_type": "mistral", "sliding_window": 0}, "sliding_window: must be a whole number, 1 or more, got 0."),
    ],
)
def test_layers_that_a_target_cannot_have_are_named(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(SIZES | {"model_type": "foo"} | keys)
    assert message in str(caught.value)


def test_an_unknown_family_lists_its_layers() -> None:
    listed = ["sliding_attention", "full_attention"] + ["sliding_attention"] * 5
    document = SIZES | {"model_type": "foo", "sliding_window": 8, "layer_types": listed}
    assert read(document).native_windows == [8, None, 8, 8, 8, 8, 8]
    assert read(SIZES | {"model_type": "foo"}).native_windows == [None] * 7
