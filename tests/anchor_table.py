"""Made-up tables of the space of anchors: files of nas.table/1 in which nothing was trained."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from msgspec import structs

from nas.ground_truth import build as build_module
from nas.ground_truth.build import build_table
from nas.ground_truth.file import Table, read_table
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.search.settings import SpaceSettings, StudySettings
from nas.search_spaces.anchors import anchors_for
from nas.space.space import Shape
from nas.tasks.catalog import TaskSettings
from nas.tasks.language.text import TextSettings
from nas.tasks.synthetic.recall import RecallSettings
from tests.tiny_table import FakeExecutor

SHAPE = Shape(num_layers=2, num_heads=4, num_tokens=64, causal=True)
ANCHORS = anchors_for(SHAPE)
RECALL = RecallSettings(num_tokens=SHAPE.num_tokens, num_pairs=4, vocab_size=64, validation_sequences=64)
SCATTER = 0.01
"""What a seed adds to every quality, or takes away: two runs of one pattern deviate by sqrt(2) times that."""


def write_anchors(
    path: Path,
    *,
    seeds: int = 2,
    task: TaskSettings | None = None,
    options: Mapping[str, Any] | None = None,
    **proxy: Any,
) -> Path:
    """Write a table with qualities of no meaning.

    Args:
        path: of its file.
        seeds: of every pattern.
        task: of SHAPE's length; None for text.
        options: of the space.
        proxy: further settings of the proxy.
    """
    settings = StudySettings(
        space=SpaceSettings(attribute="search_spaces.anchors:Anchors", options=dict(options or {})),
        task=task or _text(path.parent),
        proxy=ProxySettings(num_layers=SHAPE.num_layers, num_heads=SHAPE.num_heads, d_model=16, **proxy),
        training=TrainingSettings(num_steps=8, warmup_steps=2),
        device="cpu",
        workers=1,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_module, "make_executor", lambda settings, setup, devices, folder: FakeExecutor())
        build_table(settings, seeds, (4e-3,), path)
    return path


def scored(table: Table, qualities: Mapping[str, float], usual: float) -> Table:
    """A table with other qualities.

    Args:
        table: of two seeds, or of one.
        qualities: by anchor, mean over two seeds.
        usual: that of all other anchors.
    """
    by_id = {ANCHORS[name].id: quality for name, quality in qualities.items()}
    rows = [
        structs.replace(row, quality=by_id.get(row.pattern_id, usual) + SCATTER * (1 if row.seed else -1))
        for row in table.rows
    ]
    return replace(table, rows=tuple(rows))


@cache
def text_table(seeds: int = 2) -> Table:
    """A table of text."""
    with TemporaryDirectory() as folder:
        return read_table(write_anchors(Path(folder) / "text.jsonl", seeds=seeds))


@cache
def recall_table() -> Table:
    """A table of recall behind a token shift."""
    with TemporaryDirectory() as folder:
        return read_table(write_anchors(Path(folder) / "recall.jsonl", task=RECALL, token_shift=True))


def _text(folder: Path) -> TextSettings:
    path = folder / "text.txt"
    path.write_bytes(bytes(range(256)) * 40)
    return TextSettings(path=str(path), num_tokens=SHAPE.num_tokens, validation_share=0.2, validation_sequences=4)
