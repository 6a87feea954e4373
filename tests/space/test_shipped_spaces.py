"""The exam that every shipped space passes; a new one is added to SPACES alone."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from nas.errors import InputError
from nas.patterns.file import load_pattern
from nas.patterns.primitives import Global, Random, Stride, Window
from nas.space.load import load_space
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Option, Shape, Space, Suggester
from search_spaces.hybrid import SECOND_KINDS, Hybrid
from search_spaces.uniform import Uniform

SPACES: list[type[Space]] = [Hybrid, Uniform]
SHAPES = [
    Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True),
    Shape(num_layers=2, num_heads=4, num_tokens=128, causal=False),
    Shape(num_layers=1, num_heads=1, num_tokens=8, causal=True),
    Shape(num_layers=3, num_heads=6, num_tokens=100, causal=False),
]
DEFAULT = SHAPES[0]
SHIPPED = sorted((Path(__file__).parents[2] / "conf" / "space").glob("*.yaml"))

each_space = pytest.mark.parametrize("space_type", SPACES, ids=lambda space: space.__name__)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


class Recorder:
    """A suggester that notes which options each name came with."""

    def __init__(self, suggest: RandomSuggester) -> None:
        self.suggest = suggest
        self.offered: dict[str, tuple[Option, ...]] = {}

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        self.offered[name] = tuple(options)
        return self.suggest.choice(name, options)

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        self.offered[name] = (low, high, log)
        return self.suggest.integer(name, low, high, log=log)


@each_space
@each_shape
def test_every_sample_is_a_valid_pattern_of_the_shape(space_type: type[Space], shape: Shape) -> None:
    for seed in range(20):
        pattern = space_type().sample(RandomSuggester(seed), shape)
        made = (pattern.num_layers, pattern.num_heads, pattern.causal)
        assert made == (shape.num_layers, shape.num_heads, shape.causal)
        assert load_pattern(pattern.to_dict()) == pattern
        assert all(pattern.mask(layer, shape.num_tokens).any(-1).all() for layer in range(shape.num_layers))


@each_space
def test_the_same_suggestions_give_the_same_pattern(space_type: type[Space]) -> None:
    assert space_type().sample(RandomSuggester(3), DEFAULT) == space_type().sample(RandomSuggester(3), DEFAULT)


@each_space
@each_shape
def test_the_parameters_and_their_options_never_change(space_type: type[Space], shape: Shape) -> None:
    offered = []
    for seed in range(20):
        recorder = Recorder(RandomSuggester(seed))
        space_type().sample(recorder, shape)
        offered.append(recorder.offered)
    assert all(other == offered[0] for other in offered)


@each_space
def test_every_option_has_an_effect(space_type: type[Space]) -> None:
    """For some suggestions, changing one value alone changes the pattern, whatever the parameter and value."""
    space = space_type()
    effective: dict[str, set[Option]] = defaultdict(set)
    recorder = Recorder(RandomSuggester(0))
    space.sample(recorder, DEFAULT)
    for seed in range(40):
        drawn = RandomSuggester(seed)
        before = space.sample(drawn, DEFAULT)
        for name, options in recorder.offered.items():
            for option in options:
                changed = RandomSuggester(seed)
                changed.params = {**drawn.params, name: option}
                if space.sample(changed, DEFAULT).id != before.id:
                    effective[name].add(option)
    assert effective == {name: set(options) for name, options in recorder.offered.items()}


@each_space
def test_random_samples_are_rarely_equal(space_type: type[Space]) -> None:
    ids = {space_type().sample(RandomSuggester(seed), DEFAULT).id for seed in range(100)}
    assert len(ids) >= 80


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_configuration_lists_all_options_at_their_defaults(path: Path) -> None:
    content = OmegaConf.to_container(OmegaConf.load(path))
    assert isinstance(content, dict)
    space = load_space(content["attribute"], content["options"])
    assert type(space) in SPACES
    assert space == type(space)()
    assert content["options"].keys() == vars(space).keys()


def hybrid(**fixed: Option) -> Hybrid:
    """A hybrid space with one option for each parameter that is named."""
    return Hybrid(**{name: [value] for name, value in fixed.items()})  # type: ignore[arg-type]


def unions(space: Space, suggest: Suggester, shape: Shape = DEFAULT) -> list[tuple[int, set[str]]]:
    """Heads and kinds of each group of the first layer."""
    groups = space.sample(suggest, shape).layers[0].heads
    return [(group.count, {primitive.kind for primitive in group.attend}) for group in groups]


@pytest.mark.parametrize(
    ("kind", "kinds"),
    [
        ("stride", {"stride"}),
        ("columns", {"block", "columns"}),
        ("full", {"full"}),
        ("random", {"window", "random"}),
    ],
)
def test_heads_are_split_between_the_window_and_the_second_kind(kind: str, kinds: set[str]) -> None:
    space = hybrid(second_kind=kind, num_second_heads=1, num_global_tokens=2)
    assert unions(space, RandomSuggester(0)) == [(3, {"window", "global"}), (1, kinds | {"global"})]


def test_the_exam_knows_every_second_kind() -> None:
    assert set(SECOND_KINDS) == {"stride", "columns", "full", "random"}


@pytest.mark.parametrize(("causal", "window"), [(True, Window(7, 0, 2)), (False, Window(4, 4, 2))])
def test_the_numbers_land_in_the_primitives(causal: bool, window: Window) -> None:
    shape = Shape(num_layers=1, num_heads=4, num_tokens=128, causal=causal)
    space = hybrid(
        window_tokens=8, dilation=2, num_global_tokens=3, second_kind="stride", num_second_heads=2, stride_tokens=16
    )
    local, second = space.sample(RandomSuggester(0), shape).layers[0].heads
    assert local.attend == (window, Global(3))
    assert second.attend == (Stride(16), Global(3))


def test_random_blocks_make_up_one_key_in_a_stride() -> None:
    space = hybrid(second_kind="random", num_second_heads=4, stride_tokens=16)
    (group,) = space.sample(RandomSuggester(0), DEFAULT).layers[0].heads
    (drawn,) = [primitive for primitive in group.attend if isinstance(primitive, Random)]
    assert drawn.block * drawn.blocks == 128 // 16


def test_uniform_layers_are_alike_and_hybrid_ones_are_not() -> None:
    assert len({layer.heads for layer in Uniform().sample(RandomSuggester(0), DEFAULT).layers}) == 1
    assert len({layer.heads for layer in Hybrid().sample(RandomSuggester(1), DEFAULT).layers}) == 2


def test_more_second_heads_than_heads_is_an_error() -> None:
    with pytest.raises(
        InputError, match=r"space.options.num_second_heads: must be at most proxy.num_heads \(4\), got 8"
    ):
        Hybrid(num_second_heads=[0, 8]).sample(RandomSuggester(0), DEFAULT)
