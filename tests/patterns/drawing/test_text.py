from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.drawing.text import draw_text
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.strategies import patterns, quick

EXPECTED = """\
layers 0-1, heads 0-2: window of 3 keys + first token global; 78.6% of full
layers 0-1, head 3: every key; 100.0% of full

heads 0-2  head 3
█▄         █▄
███▄       ███▄
█ ▀██▄     █████▄
▀   ▀▀▀    ▀▀▀▀▀▀▀
"""


def test_a_drawing():
    groups = (HeadGroup(3, (Window(2), Global(1))), HeadGroup(1, (Full(),)))
    assert draw_text(ModelPattern.of([groups, groups]), num_tokens=7) == EXPECTED


@given(patterns(), st.integers(1, 80))
@quick
def test_drawings_fit_in_80_columns(pattern, num_tokens):
    drawing = draw_text(pattern, num_tokens)
    assert max(len(line) for line in drawing.splitlines()) <= 80
    assert ("a cell is filled if any pair in it is seen" in drawing) == (num_tokens > 32)


def test_many_scattered_heads_fit_too():
    groups = (HeadGroup(1, (Window(2),)), HeadGroup(1, (Full(),))) * 40
    lines = draw_text(ModelPattern.of([groups])).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert any(line.startswith("heads 0, 2, 4, 6, 8, 10, 12, 14") and "…" in line for line in lines)
