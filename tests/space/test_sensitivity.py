"""The order of layers and heads, and the sum of what masks on single ones do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Window
from nas.results.survey import Losses, PartLosses, Survey
from nas.space.sensitivity import ORDERS, Sensitivity
from tests.surveys import made_survey

N, LAYERS, HEADS = 128, 3, 2
SURVEY = made_survey(LAYERS, HEADS, N)
SENSITIVITY = Sensitivity(SURVEY)


def effect_of(survey: Survey, layer: int, head: int | None, recent: int) -> tuple[float, float]:
    (found,) = [
        one.losses
        for one in survey.parts
        if (one.part.layer, one.part.head, one.part.recent_tokens) == (layer, head, recent)
    ]
    return found.text - 1.0, found.needle - 0.5


def keys_of(windows: np.ndarray) -> np.ndarray:
    """Mean keys per query of causal windows, shape (1, layers * heads)."""
    masks = [HeadPattern((Window(int(width) - 1),)).mask(N) for width in windows.flatten()]
    return np.array([[mask.sum() / N for mask in masks]])


@pytest.mark.parametrize("kind", [0, 1])
def test_parts_are_ordered_by_what_they_cost_alone(kind: int) -> None:
    by, narrow = ("text", "needle")[kind], SURVEY.recent_tokens[0]
    layers = sorted(range(LAYERS), key=lambda layer: effect_of(SURVEY, layer, None, narrow)[kind])
    places = [(layer, head) for layer in range(LAYERS) for head in range(HEADS)]
    heads = sorted(places, key=lambda place: effect_of(SURVEY, place[0], place[1], narrow)[kind])
    assert SENSITIVITY.layers(by) == tuple(layers) and SENSITIVITY.heads(by) == tuple(heads)


def test_an_order_by_both_weighs_them_alike() -> None:
    """What text loses in bits counts no less because needles lose more nats."""
    survey = made_survey(4, 2, N, seed=3)
    scaled = replace(
        survey,
        parts=tuple(
            PartLosses(part=one.part, losses=Losses(text=1.0 + 50 * (one.losses.text - 1.0), needle=one.losses.needle))
            for one in survey.parts
        ),
    )
    assert Sensitivity(survey).layers("both") == Sensitivity(scaled).layers("both")
    assert Sensitivity(survey).heads("both") == Sensitivity(scaled).heads("both")


@pytest.mark.parametrize("by", ORDERS)
def test_every_part_is_in_the_order_once(by: str) -> None:
    assert sorted(SENSITIVITY.layers(by)) == list(range(LAYERS))
    assert sorted(SENSITIVITY.heads(by)) == [(layer, head) for layer in range(LAYERS) for head in range(HEADS)]


def test_what_was_measured_comes_out() -> None:
    for one in SURVEY.parts:
        windows = np.full((LAYERS, HEADS), N)
        windows[one.part.layer, slice(None) if one.part.head is None else one.part.head] = one.part.recent_tokens
        expected = effect_of(SURVEY, one.part.layer, one.part.head, one.part.recent_tokens)
        np.testing.assert_allclose(SENSITIVITY.effects(keys_of(windows))[0], expected, atol=1e-9)


def test_effects_of_several_layers_add_up() -> None:
    narrow, wide = SURVEY.recent_tokens
    windows = np.array([[narrow, narrow], [wide, wide], [narrow, N]])
    expected = np.sum(
        [
            effect_of(SURVEY, 0, None, narrow),
            effect_of(SURVEY, 1, None, wide),
            effect_of(SURVEY, 2, 0, narrow),
        ],
        axis=0,
    )
    np.testing.assert_allclose(SENSITIVITY.effects(keys_of(windows))[0], expected, atol=1e-9)


@given(st.lists(st.integers(1, N), min_size=LAYERS, max_size=LAYERS), st.integers(0, LAYERS - 1), st.integers(1, N))
def test_a_wider_window_never_costs_more(widths: list[int], layer: int, other: int) -> None:
    """Where layers and heads were measured to lose by narrow masks."""
    windows = np.repeat(np.array(widths)[:, None], HEADS, axis=1)
    changed = windows.copy()
    changed[layer] = other
    before, after = (SENSITIVITY.effects(keys_of(each))[0] for each in (windows, changed))
    assert np.all((after - before) * (windows[layer, 0] - other) >= -1e-9)


def test_what_a_narrow_mask_seems_to_win_counts_as_nothing() -> None:
    """A part that does better on a few sequences with a narrow mask is noise, and pays for no other part."""
    first, *others = SURVEY.parts
    better = PartLosses(part=first.part, losses=Losses(text=0.9, needle=0.1))
    lucky = Sensitivity(replace(SURVEY, parts=(better, *others)))
    windows = np.full((LAYERS, HEADS), N)
    windows[first.part.layer] = first.part.recent_tokens
    assert lucky.effects(keys_of(windows)).tolist() == [[0.0, 0.0]]
    windows[:] = first.part.recent_tokens
    assert (lucky.effects(keys_of(windows)) < SENSITIVITY.effects(keys_of(windows))).all()
    assert lucky.layers("both")[0] == first.part.layer  # its place in the order stays


def test_full_attention_costs_nothing_and_nothing_unmeasured_is_sensitive() -> None:
    assert SENSITIVITY.effects(keys_of(np.full((LAYERS, HEADS), N))).tolist() == [[0.0, 0.0]]
    blank = Sensitivity(replace(SURVEY, parts=(), full=None))
    assert blank.effects(keys_of(np.full((LAYERS, HEADS), 4))).tolist() == [[0.0, 0.0]]
    assert blank.layers("both") == (0, 1, 2)


def test_without_probes_needles_cost_nothing() -> None:
    alone = Sensitivity(made_survey(LAYERS, HEADS, N, with_probe=False))
    assert not alone.knows_needles and alone.layers("both") == alone.layers("text")
    assert alone.effects(keys_of(np.full((LAYERS, HEADS), 4)))[0, 1] == 0


def test_a_single_head_is_its_layer() -> None:
    one = Sensitivity(made_survey(LAYERS, 1, N))
    assert [layer for layer, _ in one.heads("text")] == list(one.layers("text"))
