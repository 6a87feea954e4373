import random

from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Global, Random, Stride, Window
from tests.strategies import pattern_cases, patterns, quick


def head_masks(pattern, layer, num_tokens):
    return [mask.tobytes() for mask in pattern.mask(layer, num_tokens)]


def draws(layer):
    return any(isinstance(primitive, Random) for group in layer.heads for primitive in group.attend)


@given(pattern_cases())
@quick
def test_the_mask_stays_up_to_the_order_of_heads(case):
    pattern, num_tokens = case
    canonical = pattern.canonical()
    for index, layer in enumerate(pattern.layers):
        before, after = head_masks(pattern, index, num_tokens), head_masks(canonical, index, num_tokens)
        assert before == after if draws(layer) else sorted(before) == sorted(after)


@given(patterns(computing=True) | patterns((3, 4), computing=True))
@quick
def test_canonical_is_a_fixed_point(pattern):
    assert pattern.canonical().canonical() == pattern.canonical()
    assert pattern.canonical().id == pattern.id


@given(patterns(), st.integers(0, 1_000))
@quick
def test_other_spellings_have_the_same_id(pattern, seed):
    shuffle = random.Random(seed)
    layers = []
    for layer in pattern.layers:
        heads = [group.attend for group in layer.heads for _ in range(group.count)]
        if not draws(layer):
            shuffle.shuffle(heads)
        spelled = [[*attend, shuffle.choice(attend), Window(0)] for attend in heads]
        layers.append(tuple(HeadGroup(1, tuple(shuffle.sample(attend, len(attend)))) for attend in spelled))
    assert ModelPattern.of(layers, causal=pattern.causal).id == pattern.id


def one_layer(*groups, causal=True):
    return ModelPattern.of([tuple(HeadGroup(count, attend) for count, attend in groups)], causal=causal)


def test_redundant_primitives_are_dropped():
    spelled = one_layer((1, (Window(3, after=9), Window(2), Block(4), Global(0), Stride(4), Stride(8))))
    assert spelled.canonical() == one_layer((1, (Window(3), Stride(4))))
    assert one_layer((2, (Window(3), Full(), Global(1)))).canonical() == one_layer((2, (Full(),)))


def test_equal_groups_are_merged():
    assert one_layer((1, (Stride(4),)), (2, (Full(),)), (3, (Stride(4),))).canonical() == one_layer(
        (2, (Full(),)), (4, (Stride(4),))
    )


def test_head_order_counts_where_blocks_are_drawn():
    drawing, plain = (Window(3), Random(4, 2)), (Window(3),)
    assert one_layer((1, drawing), (1, plain)).id != one_layer((1, plain), (1, drawing)).id


def test_what_differs_in_meaning_differs_in_id():
    spellings = [
        one_layer((1, (Window(3),))),
        one_layer((1, (Window(3),)), causal=False),
        one_layer((2, (Window(3),))),
        one_layer((1, (Window(4),))),
        ModelPattern.of([(HeadGroup(1, (Window(3),)),)] * 2),
    ]
    assert len({pattern.id for pattern in spellings}) == len(spellings)


def test_ids_never_change():
    longformer = one_layer((6, (Window(127), Global(4))), (2, (Full(),)))
    bigbird = one_layer((4, (Window(64, 64), Global(2, 2), Random(64, 3, seed=1))), causal=False)
    assert longformer.id == "fda0410949b36954"
    assert bigbird.id == "147a8d13bbdee042"
