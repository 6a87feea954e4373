"""The masks of Splash attention: lazy where JAX has such a mask, arrays elsewhere."""

import json
from io import BytesIO

import numpy as np
import pytest

from nas.errors import ExportError, InputError
from nas.export import FORMATS, ExportSettings
from nas.export.formats import splash
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Global, Stride, Window
from tests.supported_patterns import provenance_of

NAME = "splash"


def _files(pattern: ModelPattern, num_tokens: int = 40):
    return FORMATS[NAME].write(pattern, provenance_of(pattern), ExportSettings(num_tokens=num_tokens))


def _kinds(*unions, causal=True) -> list:
    pattern = ModelPattern.of([tuple(HeadGroup(1, union) for union in unions)], causal=causal)
    return json.loads(_files(pattern)["splash_masks.json"])["layers"][0]


def test_windows_chunks_and_full_attention_are_lazy():
    unions = (Full(),), (Window(7),), (Block(8),), (Window(7), Global(2))
    assert _kinds(*unions) == [["causal", None], ["local", [7, 0]], ["chunked_causal", 8], ["numpy", 0]]


def test_bidirectional_masks():
    assert _kinds((Full(),), (Window(7, 3),), (Block(8),), causal=False) == [
        ["full", None],
        ["local", [7, 3]],
        ["numpy", 0],
    ]


def test_heads_that_attend_alike_share_an_array():
    union = (Window(3), Stride(5))
    pattern = ModelPattern.of([(HeadGroup(3, union), HeadGroup(1, (Window(3, 0, 2),)))] * 2)
    with np.load(BytesIO(_files(pattern)["splash_masks.npz"]), allow_pickle=False) as archive:
        assert archive["masks"].shape == (2, 40, 40)
        assert (archive["masks"][0] == pattern.mask(0, 40)[0]).all()


def test_arrays_that_would_be_too_large_are_refused(monkeypatch):
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3), Stride(5))),)])
    monkeypatch.setattr(splash, "_MOST_ENTRIES", 1000)
    with pytest.raises(InputError, match="--tokens: must be lower: 1 masks are arrays, got 40"):
        _files(pattern)
    assert _files(ModelPattern.of([(HeadGroup(1, (Window(3),)),)]))


def test_a_mask_of_another_kind_is_refused():
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)),)])
    files = _files(pattern)
    files["splash_masks.json"] = str(files["splash_masks.json"]).replace("causal", "random")
    with pytest.raises(ExportError, match="must be of a kind that nas writes, got 'random'"):
        FORMATS[NAME].check(files, pattern)
