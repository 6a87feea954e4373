"""What hides pairs: its values are the masks of the patterns, and its spans leave out nothing that is seen."""

import torch
from hypothesis import given

from nas.attention.bias import pattern_bias
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, LowRank, Window
from tests.attention.cases import Heads, Inputs, head_tuples


@given(head_tuples(most_tokens=200))
def test_spans_cover_every_query_once_and_every_visible_pair(case: tuple[Heads, int]) -> None:
    heads, num_tokens = case
    heads = tuple(head for head in heads if not isinstance(head.computed, LowRank)) or (HeadPattern((Full(),)),)
    inputs = Inputs(heads, num_tokens)
    bias = pattern_bias(inputs.q, inputs.k, heads)
    queries = [query for span in bias.spans for query in range(num_tokens)[span.queries]]
    assert queries == list(range(num_tokens))
    covered = torch.zeros(bias.values.shape[2:], dtype=torch.bool)
    for span in bias.spans:
        covered[span.queries, span.keys] = True
    assert not ((bias.values == 0) & ~covered).any()


def test_values_are_those_of_the_masks_behind_the_memory() -> None:
    heads = (HeadPattern((Window(2),), memory_tokens=3), HeadPattern((Full(),)))
    inputs = Inputs(heads, 10)
    seen = pattern_bias(inputs.q, inputs.k, heads).values[0] == 0
    for head, mask in zip(heads, seen, strict=True):
        assert torch.equal(mask[:, 3:], torch.from_numpy(head.mask(10)))
    assert seen[0, :, :3].all() and not seen[1, :, :3].any()


def test_keys_that_no_head_shows_are_left_out() -> None:
    heads = (HeadPattern((Window(3),)), HeadPattern((Window(5),)))
    inputs = Inputs(heads, 200)
    spans = pattern_bias(inputs.q, inputs.k, heads).spans
    assert [(span.queries.start, span.queries.stop, span.keys.start, span.keys.stop) for span in spans] == [
        (0, 64, 0, 64),
        (64, 128, 59, 128),
        (128, 192, 123, 192),
        (192, 200, 187, 200),
    ]
