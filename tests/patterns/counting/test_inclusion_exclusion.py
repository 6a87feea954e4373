from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.counting.inclusion_exclusion import inclusion_exclusion
from nas.patterns.primitives.mask_context import MaskContext
from tests.strategies import GRIDS, kinds, quick

APART = st.one_of(*(kinds(True)[kind] for kind in ("stride", "stripe", "tile", "neighborhood"))) | kinds(True)[
    "window"
].filter(lambda window: window.dilation > 1)  # type: ignore[arg-type]
"""What is shown as progressions or boxes."""


@given(GRIDS, st.lists(APART, min_size=1, max_size=3), st.booleans(), st.data())
@quick
def test_terms_add_up_to_the_union_without_fixed_keys(grid, primitives, causal, data):
    n = grid[0] * grid[1]
    context = MaskContext(n, causal, grid=grid)
    fixed = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    keys = data.draw(st.sampled_from([None, fixed]))
    terms = inclusion_exclusion([primitive.support(context) for primitive in primitives], keys, context)
    query = np.arange(n)
    stop = query + 1 if causal else np.full(n, n)
    counted: Any = sum(term.count(query, np.zeros_like(query), stop) for term in terms)
    union = np.array(
        [
            [any(one.allows(i, j, context) for one in primitives) and (keys is None or not keys[j]) for j in range(n)]
            for i in range(n)
        ]
    )
    assert counted.tolist() == [int(union[i, : stop[i]].sum()) for i in range(n)]
