from dataclasses import replace
from typing import Any

import pytest
import torch

from nas.errors import PatternError
from nas.patterns.model import POSITIONS, ModelPattern
from nas.proxy.network.layout import Layout, check_fit, layout_for
from nas.proxy.settings import ProxySettings
from tests.families import AHEAD, CAUSAL, FAMILIES, FULL, PICTURE, STREAM, Family, low_rank, two_layers, window
from tests.noise_task import NoiseTask

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=4)
TASK = NoiseTask(vocab_size=10, causal=False)
PLAIN = two_layers(window(3), causal=False)
ON_GRID = two_layers({"kind": "stripe", "axis": "row", "width": 1}, causal=False, grid=[4, 4])


def layout_of(*heads: dict[str, object], **options: object) -> Layout:
    return layout_for(two_layers(*heads, causal=False, **options), PROXY, TASK)  # type: ignore[arg-type]


def test_a_row_holds_every_weight_once() -> None:
    layout = layout_for(PLAIN, PROXY, TASK)
    attention, mlp, norms = 4 * 8 * 8, 2 * 8 * 32, 2 * 8
    assert layout.num_parameters == 2 * 10 * 8 + 2 * (attention + mlp + norms) + 8
    rows = torch.arange(3 * layout.num_parameters).view(3, -1)
    weights = layout.unpack(rows)
    assert torch.equal(torch.cat([weight.flatten(1) for weight in weights.values()], dim=1), rows)
    assert weights["0.query_key_value"].shape == (3, 8, 24)


def test_token_shift_adds_one_share_a_feature() -> None:
    shifting = layout_for(PLAIN, replace(PROXY, token_shift=True), TASK)
    assert shifting.num_parameters == layout_for(PLAIN, PROXY, TASK).num_parameters + 8


def test_initial_weights_depend_on_the_seed_alone() -> None:
    layout = layout_of(low_rank(3), position="learned")
    first = layout.initial_row(3)
    torch.manual_seed(123)
    assert torch.equal(layout.initial_row(3), first)
    assert not (layout.initial_row(4) == first)[first != 1].any()


def test_common_weights_are_one_stream_whatever_stands_behind_them() -> None:
    layout = layout_of(low_rank(3), position="learned")
    generator, row = torch.Generator().manual_seed(3), layout.initial_row(3)
    stream = [spec.mean + spec.deviation * torch.randn(spec.size, generator=generator) for spec in layout.common]
    plain = layout_for(PLAIN, PROXY, TASK)
    for one, own in ((layout, row), (plain, plain.initial_row(3))):
        weights = one.unpack(own[None])
        for spec, drawn in zip(layout.common, stream, strict=True):
            assert torch.equal(weights[spec.name].flatten(), drawn)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_patterns_of_one_family_share_a_layout(family: Family) -> None:
    one, other = (layout_for(pattern, PROXY, family.task) for pattern in family.patterns)
    assert one == other and hash(one) == hash(other)


def test_what_needs_other_weights_or_another_position_has_another_layout() -> None:
    needs = [layout_of(low_rank(rank, sharing)) for rank in (4, 5) for sharing in ("heads", "key_value", "layers")]
    positions = [
        layout_for(two_layers(window(3), position=position), PROXY, replace(TASK, causal=True))
        for position in POSITIONS
    ]
    assert len({*needs, *positions}) == len(needs) + len(positions)


def test_a_length_changes_only_layouts_that_have_a_weight_for_each_place() -> None:
    longer = replace(TASK, num_tokens=32)
    for heads, position, changes in [
        (window(3), "rope", False),
        (window(3), "relative", False),
        (window(3), "learned", True),
        (low_rank(3), "rope", True),
    ]:
        pattern = two_layers(heads, causal=False, position=position)
        assert (layout_for(pattern, PROXY, longer) != layout_for(pattern, PROXY, TASK)) == changes


def test_only_matrices_decay() -> None:
    layout = layout_of(window(3), position="relative")
    weights = layout.unpack((torch.arange(layout.num_parameters) < layout.num_decaying)[None])
    assert weights["0.mlp_in"].all() and weights["embedding"].all() and weights["0.position_key"].all()
    assert not weights["norm"].any() and not weights["1.attention_norm"].any() and not weights["0.content_bias"].any()


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_what_fits_passes(family: Family, proxy: ProxySettings) -> None:
    for pattern in family.patterns:
        check_fit(pattern, family.task, proxy)


def test_a_sequence_pattern_may_read_a_picture(proxy: ProxySettings) -> None:
    check_fit(two_layers(FULL, causal=False), PICTURE, proxy)


@pytest.mark.parametrize(("change", "place"), [({"num_layers": 3}, "layers"), ({"num_heads": 4}, r"layers\[0\].heads")])
def test_a_pattern_of_another_size_is_told(proxy: ProxySettings, change: dict[str, Any], place: str) -> None:
    with pytest.raises(PatternError, match=rf"{place}: must count {next(iter(change.values()))} \(proxy"):
        check_fit(two_layers(FULL), CAUSAL, replace(proxy, **change))


@pytest.mark.parametrize(
    ("pattern", "task", "message"),
    [
        (two_layers(FULL, causal=False), CAUSAL, "causal: must be True for the task noise, got False."),
        (two_layers(FULL), AHEAD, "causal: must be False for the task noise, got True."),
        (ON_GRID, AHEAD, "grid: must be null for the task noise, got [4, 4]."),
        (
            ON_GRID,
            NoiseTask(causal=False, grid=(2, 8)),
            "grid: must be [2, 8] or null for the task noise, got [4, 4].",
        ),
        (
            two_layers(window(3), memory=(0, 5)),
            CAUSAL,
            "layers[1].memory_tokens: must be 0 for the task noise, which has no segment before a sequence, got 5.",
        ),
        (
            two_layers(window(3), memory=(16, 17)),
            STREAM,
            "layers[1].memory_tokens: must be at most 16, the tokens of a segment of the task noise, got 17.",
        ),
    ],
)
def test_a_pattern_that_the_task_cannot_serve_is_told(
    pattern: ModelPattern, task: NoiseTask, message: str, proxy: ProxySettings
) -> None:
    with pytest.raises(PatternError) as caught:
        check_fit(pattern, task, proxy)
    assert str(caught.value) == message
