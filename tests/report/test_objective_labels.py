"""Names and ranks of objectives, as tables, lines and pictures show them."""

import pytest
from msgspec.structs import replace

from nas.report.objective_labels import best_first, label
from tests.fronts import QUALITY, make_baseline, make_point


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("quality", "quality"),
        ("quality_2x", "quality at 2x"),
        ("quality_recall", "recall"),
        ("quality_noisy_recall_16x", "noisy_recall at 16x"),
        ("flops", "attention FLOPs"),
        ("tile_flops", "tile FLOPs"),
        ("kv_cache_bytes", "KV cache"),
        ("latency_ms", "latency"),
        ("peak_memory_bytes", "peak memory"),
        ("anything_else", "anything_else"),
    ],
)
def test_an_objective_is_called_by_its_task_or_its_cost(name: str, text: str) -> None:
    assert label(name) == text


def test_the_best_comes_first_and_of_equals_the_earlier_trial() -> None:
    points = [make_point(3, 2.5), make_point(2, 2.1), make_point(1, 2.5)]
    assert [point.trial for point in best_first(points, QUALITY)] == [2, 1, 3]
    assert [point.trial for point in best_first(points, replace(QUALITY, direction="maximize"))] == [1, 3, 2]


def test_what_was_not_measured_has_no_rank() -> None:
    assert best_first([make_baseline(0, values={})], QUALITY) == []
