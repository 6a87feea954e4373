"""Routes hold every choice exactly once, and little else is computed."""

import pytest
import torch

from nas.attention.pieces.routing import QUERIES, make_routes
from nas.attention.selection import choose_blocks
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Select, Window
from tests.attention.cases import Inputs, largest_difference


def test_every_choice_is_routed_exactly_once() -> None:
    inputs = Inputs((HeadPattern((Select(4, 3),)),) * 2, 90)
    chosen = choose_blocks(inputs.q, inputs.k, Select(4, 3)).flatten(0, 1)
    routes = make_routes(chosen, 4)
    real = routes.queries < chosen.shape[0] * 90
    routed = torch.stack([routes.queries[real], routes.blocks[:, None].expand_as(real)[real]], dim=1)
    sequence, query, place = (chosen >= 0).nonzero(as_tuple=True)
    wanted = torch.stack([sequence * 90 + query, sequence * (90 // 4) + chosen[sequence, query, place]], dim=1)
    assert sorted(routed.tolist()) == sorted(wanted.tolist())


def test_scores_are_proportional_to_what_is_chosen() -> None:
    num_tokens, select = 4096, Select(64, 3)
    inputs = Inputs((HeadPattern((select,)),), num_tokens, torch.float32)
    routes = make_routes(choose_blocks(inputs.q, inputs.k, select).flatten(0, 1), select.block)
    assert routes.num_scores <= 2 * num_tokens * (select.blocks * select.block + QUERIES)


def test_pieces_equal_dense_over_many_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.attention.pieces.routing.MOST_SCORES", 4 * QUERIES * 16)  # four routes at a time
    heads = (HeadPattern((Select(16, 4),), memory_tokens=20), HeadPattern((Window(9),)), HeadPattern((Select(7, 30),)))
    inputs = Inputs(heads, 300)
    ours, theirs = (inputs.output_and_gradients(backend) for backend in ("pieces", "dense"))
    assert largest_difference(ours, theirs) < 1e-10
