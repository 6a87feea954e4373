"""Heads with one label are found together, and put back where they were."""

import pickle

import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.attention.head_groups import Heads, by_kind, group_by, group_heads, pick
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, LowRank, Select, Window
from tests.strategies import quick

WINDOW, WIDE, FULL = HeadPattern((Window(3),)), HeadPattern((Window(9),)), HeadPattern((Full(),))


@quick
@given(st.lists(st.sampled_from([WINDOW, WIDE, FULL]), min_size=1, max_size=9).map(tuple))
def test_groups_share_out_all_heads(heads: tuple[HeadPattern, ...]) -> None:
    groups = group_heads(heads)
    found = torch.full((len(heads),), -1)
    for place, (head, members) in enumerate(groups.items()):
        assert set(pick(heads, members)) == {head}
        assert (found[members] == -1).all()
        found[members] = place
    assert [list(groups)[place] for place in found.tolist()] == list(heads)


def test_neighbours_are_a_slice_and_others_are_numbers() -> None:
    groups = group_heads((WINDOW, FULL, FULL, WINDOW, WIDE))
    assert groups == {WINDOW: [0, 3], FULL: slice(1, 3), WIDE: slice(4, 5)}


def test_a_slice_copies_nothing() -> None:
    tensor = torch.zeros(2, 3, 4)
    members = group_by((WINDOW, WIDE, FULL), lambda head: head.attend[0].kind)["window"]
    assert tensor[:, members].data_ptr() == tensor.data_ptr()
    assert pick((WINDOW, WIDE, FULL), members) == (WINDOW, WIDE)


def test_heads_are_found_by_what_they_are() -> None:
    some = (WINDOW, FULL, WIDE)
    assert {some, Heads(some), Heads(some)} == {some}
    assert Heads(some) != Heads((WINDOW, WIDE, FULL))


def test_a_hash_stays_in_its_process() -> None:
    heads = Heads((HeadPattern((LowRank(4),)),))
    assert hash(heads) == hash(tuple(heads)) and "_hash" in vars(heads)
    copied = pickle.loads(pickle.dumps(heads))
    assert copied == heads and type(copied) is Heads and not vars(copied)


def test_masks_of_all_kinds_run_at_once_and_chosen_blocks_by_themselves() -> None:
    chosen = HeadPattern((Select(block=4, blocks=1),))
    assert by_kind((WINDOW, FULL, WIDE)) == ((slice(0, 3), (WINDOW, FULL, WIDE)),)
    assert by_kind((WINDOW, chosen, FULL, chosen)) == (([0, 2], (WINDOW, FULL)), ([1, 3], (chosen, chosen)))
