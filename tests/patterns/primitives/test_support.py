import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.primitives.support import Box, Support
from tests.strategies import quick


def span(draw: st.DrawFn, length: int) -> tuple[int, int]:
    start = draw(st.integers(0, length - 1))
    return start, draw(st.integers(start + 1, length))


@given(st.data())
@quick
def test_the_last_token_is_in_the_last_row_and_column_of_the_rectangle(data):
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    tall, wide = ([span(data.draw, length) for _ in range(length)] for length in (rows, columns))
    (tops, bottoms), (lefts, rights) = (np.array(spans).T for spans in (tall, wide))
    box = Box(tops, bottoms, lefts, rights, split=False)
    token = np.arange(rows * columns).reshape(rows, columns)
    expected = [int(token[top:bottom, left:right].max()) for top, bottom in tall for left, right in wide]
    assert box.last_tokens().tolist() == expected


def test_boxes_with_the_same_rectangles_have_the_same_bounds():
    edge = np.arange(3)
    one, same, other = (Box(edge, edge + step, edge, edge + 1, split=False) for step in (1, 1, 2))
    assert one.bounds == same.bounds != other.bounds


def test_a_support_holds_nothing_unless_it_is_given():
    empty = Support()
    assert (empty.bands, empty.boxes, empty.progressions, empty.keys, empty.queries) == ((), (), (), None, None)
