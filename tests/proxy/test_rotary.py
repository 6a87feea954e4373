import torch

from nas.proxy.rotary import rotary_table, rotate


def test_scores_depend_on_the_distance_alone() -> None:
    torch.manual_seed(0)
    query, key = torch.randn(2, 8)
    table = rotary_table(40, 8)
    turned_query, turned_key = rotate(query.expand(40, 8), table), rotate(key.expand(40, 8), table)
    scores = turned_query @ turned_key.T
    for distance in (0, 1, 17):
        along = scores.diagonal(-distance)
        torch.testing.assert_close(along, along[0].expand_as(along), rtol=1e-4, atol=1e-5)
    assert (scores[1:, 0] - scores[0, 0]).abs().max() > 0.1


def test_lengths_are_kept_and_the_first_position_is_untouched() -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 40, 8)
    turned = rotate(x, rotary_table(40, 8))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[:, 0], x[:, 0])


def test_half_precision_stays_half_precision() -> None:
    assert rotate(torch.ones(4, 8, dtype=torch.bfloat16), rotary_table(4, 8)).dtype == torch.bfloat16
