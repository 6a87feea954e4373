import pytest

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import PRIMITIVES, LowRank
from nas.patterns.primitives.low_rank import SHARING
from nas.patterns.primitives.mask_context import MaskContext
from tests.patterns.primitives.drawn import error

CONTEXT = MaskContext(20, causal=False)


def test_every_query_is_compared_with_as_many_rows_as_the_rank():
    """However short the sequence: the rows are weights, and ranks above n are allowed."""
    assert LowRank(3).row_pairs(CONTEXT).tolist() == [3] * 20
    assert LowRank(8).row_pairs(MaskContext(2, causal=False)).tolist() == [8, 8]


def test_both_projections_are_counted():
    """E K and F V (Wang et al. 2020, equation 7): matrices of rank x n by n x d_head, 2 FLOP a multiplication."""
    assert LowRank(3).extra_flops(CONTEXT, d_head=16) == 2 * (2 * 3 * 20 * 16)


def test_its_rows_replace_the_keys():
    assert LowRank(7).projected_rows == 7


def test_no_pair_is_certain_and_all_are_possible():
    assert LowRank(7).certain() == ()
    assert HeadPattern(LowRank(7).possible(), causal=False).mask(4).all()


def test_its_label_names_what_is_shared():
    labels = [LowRank(8, sharing).label(causal=False) for sharing in SHARING]
    assert labels == ["rank8", "rank8:kv", "rank8:layers"]


def test_ranks_nest_but_do_not_cover_one_another():
    """A larger rank holds the weights of a smaller one, and computes something else."""
    assert not LowRank(8).covers(LowRank(4), causal=False)
    assert LowRank(8).covers(LowRank(8), causal=False) and not LowRank(8).covers(LowRank(8, "layers"), causal=False)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: LowRank(0), "rank: must be 1 or more, got 0."),
        (lambda: LowRank(4, "all"), "sharing: must be one of heads, key_value, layers, got 'all'."),
        (
            lambda: LowRank(4).needs(causal=True, grid=None),
            "must be in a pattern with causal: false, because a row of low_rank mixes all tokens, got 'causal: true'.",
        ),
    ],
)
def test_its_limits(make, line):
    assert error(make).removeprefix(": ") == line
    LowRank(4).needs(causal=False, grid=(2, 2))


def test_pattern_files_hold_its_sharing():
    assert LowRank(4).to_dict() == {"kind": "low_rank", "rank": 4, "sharing": "heads"}
    assert PRIMITIVES["low_rank"] is LowRank
