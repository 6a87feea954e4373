import pytest

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Select
from nas.patterns.primitives.mask_context import MaskContext
from tests.patterns.primitives.drawn import error

CONTEXT = MaskContext(11, causal=True)


def test_a_query_is_compared_with_its_own_block_and_the_chosen_ones():
    """Blocks of 3: one more key within the own block with each token, 3 for each of at most 2 earlier blocks."""
    assert Select(3, 2).row_pairs(CONTEXT).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 8]


def test_more_choices_than_blocks_read_every_earlier_key():
    assert Select(3, 99).row_pairs(CONTEXT).tolist() == list(range(1, 12))


def test_means_and_scores_of_blocks_are_counted():
    """11 keys are added to means; 3 queries score one block, 3 score two, and 2 score three."""
    assert Select(3, 2).extra_flops(CONTEXT, d_head=16) == 11 * 16 + 2 * 16 * (3 * 1 + 3 * 2 + 2 * 3)


def test_the_own_block_is_certain_and_every_earlier_key_possible():
    assert Select(3, 1).certain() == (Block(3),)
    assert HeadPattern(Select(3, 1).possible()).mask(5).sum() == 15


def test_the_keys_themselves_are_read():
    assert Select(3, 1).projected_rows == 0


def test_its_label_counts_the_earlier_blocks():
    """MoBA's top-k counts the own block too (Lu et al. 2025, section 2.2): its top-3 is our top 2."""
    assert Select(64, 2).label(causal=True) == "top2x64"


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Select(0, 1), "block: must be 1 or more, got 0."),
        (lambda: Select(1, 0), "blocks: must be 1 or more, got 0."),
        (
            lambda: Select(4, 1).needs(causal=False, grid=None),
            "must be in a causal pattern, because select chooses among earlier blocks, got 'causal: false'.",
        ),
    ],
)
def test_its_limits(make, line):
    assert error(make).removeprefix(": ") == line
    Select(4, 1).needs(causal=True, grid=None)
