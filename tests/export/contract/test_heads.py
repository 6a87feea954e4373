"""Head groups as formats see them, and the form of every refusal."""

import pytest

from nas.errors import ExportError, InputError
from nas.export.contract.heads import (
    Refusal,
    Streaming,
    kv_heads,
    layer_heads,
    masked_heads,
    refusal,
    require_causal,
    single_group,
    streaming,
)
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Global, LowRank, Primitive, Random, Select, Stride, Window


def _layer(*groups: tuple[int, tuple[Primitive, ...]]):
    pattern = ModelPattern.of([tuple(HeadGroup(count, union) for count, union in groups)])
    return layer_heads(pattern.layers[0], "own")


def test_a_refusal_is_an_export_error_of_one_form():
    assert issubclass(Refusal, ExportError)
    assert str(refusal("own", "stride", "layer 0, head 1", "it has none")) == (
        "own: cannot represent 'stride' in layer 0, head 1: it has none. "
        "Use --format pattern, which represents everything."
    )
    assert "head 1. Use" in str(refusal("own", "stride", "layer 0, head 1"))


def test_groups_know_their_heads_and_what_is_redundant_in_them():
    first, second = _layer((1, (Full(),)), (3, (Window(2), Window(5))))
    assert (first.names(), second.names()) == ("head 0", "heads 1 to 3")
    assert (second.layer, second.group, second.first, second.stop) == (0, 1, 1, 4)
    assert second.written == (Window(2), Window(5)) and second.union == (Window(5),)


def test_the_path_of_a_refusal_is_that_of_the_file():
    [heads] = _layer((2, (Window(2), Stride(4), Window(5))))
    path = r"layer 0, heads 0 to 1 \(layers\[0\]\.heads\[0\]\.attend\[1\]\): it has none\. "
    with pytest.raises(Refusal, match=path):
        raise heads.refuse("own", Stride(4), "it has none")


def test_what_differs_is_what_the_others_lack():
    one, other = _layer((1, (Window(5),)), (1, (Window(5), Stride(9))))
    assert "'stride' in layer 0, head 1" in str(other.refuse_unlike("own", one, "alike"))
    assert "'window' in layer 0, head 0" in str(one.refuse_unlike("own", other, "alike"))


@pytest.mark.parametrize(
    ("primitive", "causal"), [(Select(4, 2), True), (LowRank(4), False)], ids=["select", "low_rank"]
)
def test_heads_that_compute_are_refused(primitive, causal):
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)), HeadGroup(1, (primitive,)))], causal=causal)
    with pytest.raises(Refusal, match=rf"own: cannot represent '{primitive.kind}' in layer 0, head 1 .* not a mask"):
        masked_heads(pattern, "own")


def test_a_memory_is_refused():
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)),)] * 2, memory_tokens=[0, 4])
    where = r"'memory_tokens' in layer 1, all heads \(layers\[1\]\.memory_tokens\): it is not a mask"
    with pytest.raises(Refusal, match=where):
        masked_heads(pattern, "own")


def test_a_bidirectional_pattern_is_refused_where_attention_is_causal():
    require_causal(ModelPattern.of([(HeadGroup(1, (Full(),)),)]), "own")
    with pytest.raises(Refusal, match="own: cannot represent 'causal: false' in all layers and heads"):
        require_causal(ModelPattern.of([(HeadGroup(1, (Full(),)),)], causal=False), "own")


def test_one_group_for_a_layer():
    assert single_group(_layer((1, (Window(5),)), (2, (Window(2), Window(5)))), "own").first == 0
    with pytest.raises(Refusal, match=r"'stride' in layer 0, head 1 .* all heads of a layer must attend alike"):
        single_group(_layer((1, (Window(5),)), (1, (Window(5), Stride(9)))), "own")


def test_kv_heads_and_their_query_heads():
    layer = _layer((2, (Full(),)), (4, (Block(4),)))
    assert [group.group for group in kv_heads(layer, None, "own")] == [0, 0, 1, 1, 1, 1]
    assert [group.group for group in kv_heads(layer, 3, "own")] == [0, 1, 1]
    with pytest.raises(InputError, match="--kv-heads: must divide the 6 heads of the pattern, got 4"):
        kv_heads(layer, 4, "own")
    with pytest.raises(
        Refusal, match=r"'block' in layer 0, heads 2 to 5 .* query heads of KV head 0 must attend alike"
    ):
        kv_heads(layer, 2, "own")


def test_drawn_blocks_differ_between_query_heads():
    layer = _layer((2, (Window(1), Random(4, 1))))
    assert len(kv_heads(layer, 2, "own")) == 2
    with pytest.raises(Refusal, match="query heads of KV head 0 must attend alike"):
        kv_heads(layer, 1, "own")


@pytest.mark.parametrize(
    ("union", "found"),
    [
        ((Full(),), Streaming(0, None)),
        ((Full(), Window(3)), Streaming(0, None)),
        ((Window(3),), Streaming(0, 3)),
        ((Window(3), Global(2), Global(5)), Streaming(5, 3)),
    ],
)
def test_first_tokens_and_a_window(union, found):
    assert streaming(_layer((1, union))[0], "own") == found


@pytest.mark.parametrize(("odd", "why"), [(Window(3, 0, 2), "no dilation"), (Stride(5), "full attention, or a window")])
def test_what_is_not_first_tokens_and_a_window(odd, why):
    with pytest.raises(Refusal, match=rf"'{odd.kind}' in layer 0, head 0 .*: .*{why}"):
        streaming(_layer((1, (odd, Global(2))))[0], "own")
