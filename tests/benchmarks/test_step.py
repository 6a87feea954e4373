"""The bare products of a training step are those of the model, and its times are positive."""

from step import cohort_of, medians, module_of, product_shapes, switching

from nas.costs.flops import attention_flops, matrix_flops
from nas.space.space import Shape
from nas.space.systems import full


def test_the_bare_products_are_those_that_costs_are_counted_from() -> None:
    trainer, _ = cohort_of("smoke", 1)
    proxy, task, batch = trainer.proxy, trainer.task, trainer.training.batch_size
    target, num_tokens = proxy.target(task.num_tokens, task.vocab_size), task.num_tokens
    shape = Shape(num_layers=proxy.num_layers, num_heads=proxy.num_heads, num_tokens=num_tokens, causal=False)
    pairs = proxy.num_layers * proxy.num_heads * num_tokens**2
    counted = matrix_flops(target, num_tokens) + attention_flops(full(shape), target, num_tokens, pairs)
    for num_members in (1, 3):
        shapes = product_shapes(trainer, num_members)
        assert sum(2 * b * r * i * c for b, r, i, c in shapes) == num_members * batch * counted


def test_all_three_are_timed() -> None:
    trainer, members = cohort_of("smoke", 2)
    assert all(seconds > 0 for seconds in medians(trainer, members, 1))


def test_a_loop_switches_among_patterns_that_differ() -> None:
    trainer, members = cohort_of("smoke", 3)
    assert len({member.pattern for member in members}) == 3
    assert switching(trainer, members, 1) > 0
    assert module_of(trainer, members[:1]).step == 0
