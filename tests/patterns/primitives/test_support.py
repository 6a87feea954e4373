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
    boxes = [(*span(data.draw, rows), *span(data.draw, columns)) for _ in range(data.draw(st.integers(1, 4)))]
    tops, bottoms, lefts, rights = (np.array(edges) for edges in zip(*boxes, strict=True))
    box = Box(tops, bottoms, lefts, rights, split=False)
    token = np.arange(rows * columns).reshape(rows, columns)
    expected = [int(token[top:bottom, left:right].max()) for top, bottom, left, right in boxes]
    assert box.last_tokens(columns).tolist() == expected


def test_a_support_holds_nothing_unless_it_is_given():
    empty = Support()
    assert (empty.bands, empty.boxes, empty.progressions, empty.keys, empty.queries) == ((), (), (), None, None)
