"""The space of blocks, at both sizes."""

from block_sizes import BlockSizes

from nas.patterns.carry import carried
from nas.patterns.label import label
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import CarryRules
from nas.patterns.stretch import stretched
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape

SMALL = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True)
LARGE = Shape(num_layers=4, num_heads=4, num_tokens=256, causal=True)
IN_LARGE = BlockSizes(first_half=[8, 16, 32], second_half=[8, 16, 32, 64])


def drawn(space: BlockSizes, shape: Shape) -> dict[str, ModelPattern]:
    patterns = [space.sample(RandomSuggester(seed), shape) for seed in range(300)]
    return {pattern.id: pattern for pattern in patterns}


def test_halves_of_the_layers_have_their_own_blocks() -> None:
    assert label(BlockSizes(first_half=[8], second_half=[32]).sample(RandomSuggester(0), LARGE)) == (
        "L0-1 4x b8 | L2-3 4x b32"
    )


def test_the_small_size_has_the_patterns_of_the_larger_one_by_either_rule() -> None:
    small, large = drawn(BlockSizes(), SMALL), drawn(IN_LARGE, LARGE)
    assert (len(small), len(large)) == (20, 12)
    for rule in ("share", "tokens"):
        forms = [stretched(carried(one, 256, 128, CarryRules(block=rule))[0], 2, 4).id for one in large.values()]
        assert set(forms) <= small.keys() and len(set(forms)) == 12
