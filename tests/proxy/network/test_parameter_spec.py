import torch

from nas.proxy.network.parameter_spec import matrix, vector


def test_a_spec_knows_its_size_and_draws_so_many_values() -> None:
    spec = matrix("a", 30, 40, deviation=0.5)
    drawn = spec.drawn(torch.Generator().manual_seed(0))
    assert (spec.size, len(spec.shape), drawn.shape, drawn.dtype) == (1200, 2, (1200,), torch.float32)
    assert abs(float(drawn.mean())) < 0.1 and abs(float(drawn.std()) - 0.5) < 0.05


def test_a_vector_may_start_without_chance() -> None:
    spec = vector("gain", 8, deviation=0.0, mean=1.0)
    assert torch.equal(spec.drawn_by_name(0), torch.ones(8)) and spec.shape == (8,)


def test_values_by_name_depend_on_seed_and_name_alone() -> None:
    spec = matrix("a", 4, 6, 1.0)
    first = spec.drawn_by_name(3)
    torch.manual_seed(99)
    assert torch.equal(spec.drawn_by_name(3), first)
    assert not (spec.drawn_by_name(4) == first).any()
    assert not (matrix("b", 4, 6, 1.0).drawn_by_name(3) == first).any()


def test_fewer_rows_start_as_the_first_of_more() -> None:
    few, many = matrix("a", 2, 6, 1.0).drawn_by_name(3), matrix("a", 5, 6, 1.0).drawn_by_name(3)
    assert torch.equal(many[: len(few)], few)
