"""A refusal names the nearest point of the front that the format can represent."""

from itertools import product

import pytest
from hypothesis import given, settings

from nas.errors import ExportError
from nas.export import FORMATS, ExportSettings, export_points
from nas.export.selection.nearest import difference, nearest
from nas.export.selection.point import ExportPoint
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Primitive, Select, Stride, Window
from tests.fronts import make_export_provenance
from tests.strategies import patterns, quick


def _point(trial: int, *attend: Primitive) -> ExportPoint:
    pattern = ModelPattern.of([(HeadGroup(2, attend),)])
    return ExportPoint(pattern=pattern, trained_pattern=pattern, provenance=make_export_provenance(pattern, trial))


REFUSED = _point(3, Window(9), Stride(50))
FRONT = [REFUSED, _point(1, Full()), _point(4, Window(10)), _point(5, Window(4)), _point(6, Window(9), Stride(40))]


def test_the_nearest_is_the_one_with_the_fewest_other_pairs_among_those_that_can_be_represented(tmp_path):
    nearest_named = r"cannot represent 'stride'.* The nearest point .* is --trial 4 \(\d+\.\d% of the pairs differ\)\.$"
    with pytest.raises(ExportError, match=nearest_named):
        export_points([REFUSED], "minference", tmp_path / "out", front=FRONT)
    assert not (tmp_path / "out").exists()


def test_that_there_is_none_is_reported(tmp_path):
    front = [REFUSED, _point(6, Window(9), Stride(40))]
    with pytest.raises(ExportError, match=r"minference can represent no other point of the front\.$"):
        export_points([REFUSED], "minference", tmp_path / "out", front=front)


def test_a_pattern_that_computes_is_compared_by_what_it_may_see():
    chosen = nearest(_point(3, Select(4, 2)), FRONT, FORMATS["minference"], ExportSettings())
    assert chosen is not None and chosen[0].provenance.trial == 1
    assert chosen[1] == difference(_point(3, Select(4, 2)).pattern, FRONT[1].pattern, 256)


def test_keys_that_a_window_hides_late_in_a_long_sequence_count():
    """A window of half of the sequence hides nothing in its first half, and a quarter of all pairs in the whole."""
    window, full = (_point(trial, one).pattern for trial, one in enumerate((Window(511), Full())))
    assert difference(window, full, 512) == 0
    assert difference(window, full, 1024) == pytest.approx(1 / 4, abs=0.005)


def test_full_attention_is_called_that_where_it_is_the_nearest(tmp_path):
    said = r"The nearest point of the front that minference can represent is full attention, --trial 1 \("
    with pytest.raises(ExportError, match=said):
        export_points([REFUSED], "minference", tmp_path / "out", front=FRONT[:2])


@pytest.mark.parametrize(
    ("name", "causal", "is_searched_for"),
    [("vllm", True, True), ("vllm", False, False), ("transformers-config", True, False)],
)
def test_a_search_for_the_target_is_advised_where_there_is_one(name, causal, is_searched_for, tmp_path):
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)), HeadGroup(1, (Full(),)))], causal=causal)
    point = ExportPoint(pattern=pattern, trained_pattern=pattern, provenance=make_export_provenance(pattern, 1))
    with pytest.raises(ExportError, match="cannot represent") as refused:
        export_points([point], name, tmp_path / "out")
    assert (f"Or search with deployable_by={name}, for a front" in str(refused.value)) == is_searched_for


def _counted(one: ModelPattern, other: ModelPattern, num_tokens: int) -> float:
    """The definition, pair by pair."""
    places = list(product(range(num_tokens), repeat=2))
    shares = []
    for left, right in zip(one.canonical().layers, other.canonical().layers, strict=True):
        for a, b in zip(left.head_patterns(), right.head_patterns(), strict=True):
            pairs = [(a.allows(i, j, num_tokens), b.allows(i, j, num_tokens)) for i, j in places]
            shares.append(sum(x != y for x, y in pairs) / sum(x or y for x, y in pairs))
    return sum(shares) / len(shares)


@settings(quick, max_examples=15)
@given(patterns(), patterns())
def test_the_difference_is_a_mean_share_of_pairs(one, other):
    other = ModelPattern(other.layers[: one.num_layers], other.position)
    one = ModelPattern(one.layers[: other.num_layers], one.position)
    found = difference(one, other, 7)
    assert found == pytest.approx(_counted(one, other, 7))
    assert found == difference(other, one, 7)
    assert difference(one, one, 7) == 0
