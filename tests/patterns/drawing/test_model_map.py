from hypothesis import given

from nas.patterns.drawing.model_map import draw_map
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.strategies import patterns, quick

NARROW, FULL = (Window(2), Global(1)), (Full(),)

EXPECTED = """\
layer  heads
0-1    A A A B
2      B B B B
3      A A A B

A  window of 3 keys + first token global
B  every key
"""


def test_a_map():
    mixed, full = (HeadGroup(3, NARROW), HeadGroup(1, FULL)), (HeadGroup(4, FULL),)
    assert draw_map(ModelPattern.of([mixed, mixed, full, mixed])) == EXPECTED


def test_many_heads_that_attend_alike_share_a_letter():
    groups = (HeadGroup(40, NARROW), HeadGroup(1, FULL), HeadGroup(23, NARROW))
    assert "\n0      A x40 B A x23\n" in draw_map(ModelPattern.of([groups]))


def test_more_kinds_than_letters():
    layers = [(HeadGroup(1, (Window(before),)),) for before in range(30)]
    assert "\n26     AA\n" in draw_map(ModelPattern.of(layers))


@given(patterns(computing=True))
@quick
def test_every_layer_is_there_within_80_columns(pattern):
    drawn = draw_map(pattern)
    assert max(map(len, drawn.splitlines())) <= 80
    rows = drawn.partition("\n\n")[0].splitlines()[1:]
    last = rows[-1].split()[0].rpartition("-")[2]
    assert last == str(pattern.num_layers - 1)
