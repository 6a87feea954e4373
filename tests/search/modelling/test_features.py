import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.counting.pairs import count_row_pairs
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, LowRank, Neighborhood, Random, Select, Window
from nas.search.modelling.features import (
    expected_columns,
    feature_names,
    head_features,
    local_keys,
    pattern_features,
)
from tests.strategies import pattern_cases, quick


def stack(*layers, **options):
    return ModelPattern.of([tuple(HeadGroup(count, union) for count, union in groups) for groups in layers], **options)


def single(*unions, **options):
    return stack(*([(1, union)] for union in unions), **options)


def named(pattern, num_tokens):
    names = feature_names(pattern.num_layers, num_tokens)
    return dict(zip(names, pattern_features([pattern], num_tokens)[0], strict=True))


@given(pattern_cases(st.integers(1, 20), computing=True))
@quick
def test_shares_by_distance_are_means_over_pairs_and_heads(case):
    pattern, n = case
    features = named(pattern, n)
    for layer in pattern.layers:
        heads = [head.outline() for head in layer.head_patterns()]
        if any(isinstance(primitive, Random) for head in heads for primitive in head.attend):
            continue  # summarised by another draw
        for start in (1 << bucket for bucket in range((n - 1).bit_length())):
            pairs = [(i, j) for i in range(n) for j in range(n) if start <= abs(i - j) < 2 * start]
            pairs = [(i, j) for i, j in pairs if j < i or not pattern.causal]
            seen = [np.mean([head.allows(i, j, n) for i, j in pairs]) for head in heads]
            assert features[f"layer{layer.index}.sees_{start}"] == pytest.approx(np.mean(seen), abs=1e-6)
            assert features[f"layer{layer.index}.widest_{start}"] == pytest.approx(max(seen), abs=1e-6)


@given(pattern_cases(st.integers(1, 20), computing=True))
@quick
def test_every_pattern_has_a_vector_of_the_length_of_its_names(case):
    pattern, n = case
    vectors = pattern_features([pattern, pattern], n)
    assert vectors.shape == (2, len(feature_names(pattern.num_layers, n)))
    assert np.isfinite(vectors).all() and (vectors[0] == vectors[1]).all()


def test_causal_global_tokens_are_columns_but_no_stations():
    with_global = named(single((Window(3), Global(4)), (Window(3), Global(4))), 64)
    without = named(single((Window(3),), (Window(3),)), 64)
    assert with_global["layer0.log2_columns"] == pytest.approx(np.log2(5))
    assert without["layer0.log2_columns"] == 0
    assert with_global["layer1.reach"] == without["layer1.reach"]
    assert named(single((Full(),)), 64)["layer0.log2_columns"] == pytest.approx(np.log2(33))


def test_heads_are_averaged_by_their_number():
    features = named(stack([(3, (Window(0),)), (1, (Full(),))]), 64)
    keys = [1, 1, 1, count_row_pairs(stack([(1, (Full(),))]).layers[0].head_patterns()[0], 64).mean()]
    assert features["layer0.log2_keys"] == pytest.approx(np.mean(np.log2(keys)))
    assert features["layer0.sees_16"] == pytest.approx(0.25) and features["layer0.widest_16"] == 1
    assert features["layer0.reach"] == pytest.approx(1)


def test_computed_heads_memory_and_positions_have_columns_of_their_own():
    chosen = named(stack([(1, (Select(8, 2),)), (3, (Window(7),))], position="alibi", memory_tokens=[16]), 64)
    assert (chosen["select_heads"], chosen["low_rank_heads"], chosen["memory_share"]) == (0.25, 0, 0.25)
    assert (chosen["position.alibi"], chosen["position.rope"]) == (1, 0)
    assert chosen["layer0.widest_32"] == 1
    projected = named(single((LowRank(4),), causal=False), 64)
    assert projected["low_rank_heads"] == 1 and projected["layer0.log2_keys"] == 2


def test_patterns_of_many_groups_stand_beside_patterns_of_few():
    many, few = stack([(1, (Window(1),)), (1, (Window(3),)), (2, (Full(),))]), stack([(4, (Window(5),))])
    together = pattern_features([many, few, many], 32)
    assert (together[0] == together[2]).all()
    assert together == pytest.approx(np.concatenate([pattern_features([each], 32) for each in (many, few, many)]))


def test_heads_by_themselves_are_told_apart_where_their_layer_is_not():
    wide, narrow = (1, (Window(31), Global(1))), (1, (Window(0),))
    one, other = (stack(groups, [(2, (Window(3),))]) for groups in ([wide, narrow], [narrow, wide]))
    assert (pattern_features([one], 32) == pattern_features([other], 32)).all()
    rows = head_features([one, other], 32)
    assert rows.shape == (2, 2 * 2)
    assert rows[0, :2].tolist() == rows[1, 1::-1].tolist() and rows[0, 1] == 0  # itself alone
    assert (rows[0, 2:] == rows[1, 2:]).all()
    for row, pattern in zip(rows, (one, other), strict=True):
        heads = [head for layer in pattern.layers for head in layer.head_patterns()]
        assert row == pytest.approx([np.log2(count_row_pairs(head, 32).mean()) for head in heads])


def test_first_tokens_are_no_wider_window():
    """With them a head sees more keys, and as many near ones."""
    window, with_sinks = (stack([(2, attend)]) for attend in ((Window(3),), (Window(3), Global(2))))
    assert (head_features([with_sinks], 32) > head_features([window], 32)).all()
    rows = local_keys([window, with_sinks, stack([(2, (Full(),))])], 32)
    keys = np.minimum(np.arange(32) + 1, 4).mean()
    np.testing.assert_allclose(rows, [[keys] * 2, [keys] * 2, [33 / 2] * 2], rtol=1e-6)


def test_a_grid_is_read_as_its_mask():
    features = named(single((Neighborhood(3, 3),), causal=False, grid=(8, 8)), 64)
    assert features["layer0.sees_1"] > 0.8 > features["layer0.sees_2"]


def test_predicted_effects_are_columns_of_which_needles_cannot_fall_below_nothing() -> None:
    effects = np.array([[0.0, 0.0], [0.1, 0.7], [-0.02, -0.3], [1.0, 50.0]])
    columns = expected_columns(effects)
    assert columns[:, 0].tolist() == effects[:, 0].tolist()
    assert columns[:, 1] == pytest.approx([0.0, 0.5034147, 0.0, 1.0])
    assert expected_columns(np.zeros((3, 0))).shape == (3, 0)
