"""The exam that every shipped space passes; a new one is added to SPACES alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from nas.errors import InputError
from nas.patterns.file import load_pattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Random, Stride, Window
from nas.patterns.serving import ServingRules
from nas.search.problem.deployment import RULES, Deployment
from nas.search_spaces.anchors import Anchors, anchors_for
from nas.search_spaces.bigbird import BigBird
from nas.search_spaces.by_sensitivity import BySensitivity
from nas.search_spaces.cswin import CSWin
from nas.search_spaces.everything import Everything
from nas.search_spaces.head_split import HeadSplit
from nas.search_spaces.hybrid import SECOND_KINDS, Hybrid
from nas.search_spaces.linformer import Linformer
from nas.search_spaces.local_global import LocalGlobal
from nas.search_spaces.longformer import Longformer
from nas.search_spaces.neighborhood import Natten
from nas.search_spaces.parallel import Parallel
from nas.search_spaces.per_head import PerHead
from nas.search_spaces.retrieval_streaming import RetrievalStreaming
from nas.search_spaces.serial import Serial
from nas.search_spaces.sparse_transformer import SparseTransformer
from nas.search_spaces.sst import SST
from nas.search_spaces.streaming import Streaming
from nas.search_spaces.tabular import Tabular
from nas.search_spaces.transformer_xl import TransformerXL
from nas.search_spaces.uniform import Uniform
from nas.space.baselines import BASELINES
from nas.space.load import load_space
from nas.space.needs import ANYTHING
from nas.space.random_suggester import RandomSuggester
from nas.space.sensitivity import Sensitivity
from nas.space.space import Option, Shape, Space, Suggester
from tests.surveys import made_survey

TEXT = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True, context=True)
MASKED = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=False)
IMAGE = Shape(num_layers=2, num_heads=4, num_tokens=64, causal=False, grid=(8, 8))
CHECKPOINT = Shape(
    num_layers=2,
    num_heads=4,
    num_tokens=128,
    causal=True,
    weighted=True,
    retrieval_heads=((1, 2), (0, 3), (1, 0), (0, 0), (1, 1), (0, 1), (1, 3), (0, 2)),
    sensitivity=Sensitivity(made_survey(2, 4, 128)),
)
SHAPES = [
    TEXT,
    CHECKPOINT,
    MASKED,
    IMAGE,
    Shape(num_layers=1, num_heads=1, num_tokens=8, causal=True),
    Shape(num_layers=3, num_heads=6, num_tokens=100, causal=False),
    Shape(num_layers=3, num_heads=3, num_tokens=60, causal=True, grid=(5, 12), context=True),
]
SPACES: dict[type[Space], tuple[Shape, dict[str, set[str]]]] = {
    Hybrid: (TEXT, {}),
    Uniform: (TEXT, {}),
    Parallel: (TEXT, {"full": {"full"}, "window": {"window"}, "stride": {"stride"}, "fixed": {"block", "columns"}}),
    Serial: (TEXT, {"all three": {"window", "global", "columns"}, "window alone": {"window"}}),
    TransformerXL: (TEXT, {"full": {"full"}, "window": {"window"}}),
    SparseTransformer: (
        TEXT,
        {
            "strided": {"window", "stride"},
            "strided, split": {"stride"},
            "fixed": {"block", "columns", "window"},
            "fixed, split": {"columns", "window"},
            "select": {"select"},
        },
    ),
    Linformer: (MASKED, {"low_rank": {"low_rank"}}),
    Longformer: (TEXT, {"window": {"window"}, "global": {"window", "global"}}),
    BigBird: (TEXT, {"all": {"window", "global", "random"}, "no random": {"window", "global"}, "window": {"window"}}),
    SST: (IMAGE, {"tile": {"tile"}}),
    CSWin: (IMAGE, {"stripe": {"stripe"}}),
    LocalGlobal: (TEXT, {"full": {"full"}, "window": {"window"}, "chunk": {"block"}}),
    Streaming: (TEXT, {"sinks": {"window", "global"}, "none": {"window"}}),
    RetrievalStreaming: (TEXT, {"retrieval": {"full"}, "streaming": {"window", "global"}}),
    BySensitivity: (CHECKPOINT, {}),
    HeadSplit: (CHECKPOINT, {"retrieval": {"full"}, "streaming": {"window", "global"}, "no sinks": {"window"}}),
    PerHead: (CHECKPOINT, {"sinks": {"window", "global"}, "none": {"window"}}),
    Natten: (IMAGE, {"box": {"neighborhood"}, "full": {"full"}}),
    Tabular: (
        TEXT,
        {"window": {"window"}, "global": {"window", "global"}, "stride": {"stride", "global"}, "full": {"full"}},
    ),
    Anchors: (
        TEXT,
        {"window": {"window"}, "global": {"window", "global"}, "full": {"full"}, "random": {"window", "random"}},
    ),
    Everything: (TEXT, {"full": {"full"}, "block": {"block"}, "select": {"select"}, "strided": {"window", "stride"}}),
}
"""Each space with a shape that it fits, and unions (by kinds) that its samples must hold."""
DEFAULT = TEXT
SHIPPED = sorted((Path(__file__).parents[2] / "conf" / "space").glob("*.yaml"))
CONDITIONAL = Everything
"""The one space whose parameters follow from what was drawn before."""

each_space = pytest.mark.parametrize("space_type", SPACES, ids=lambda space: space.__name__)
fixed_space = pytest.mark.parametrize("space_type", [space for space in SPACES if space is not CONDITIONAL])
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(replace(shape, sensitivity=None)))


def fits(space_type: type[Space], shape: Shape) -> bool:
    return getattr(space_type, "needs", ANYTHING).lack(shape) is None


def samples(space_type: type[Space], count: int) -> list[Any]:
    return [space_type().sample(RandomSuggester(seed), SPACES[space_type][0]) for seed in range(count)]


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
def test_every_sample_is_a_valid_pattern_of_the_shape_or_refused(space_type: type[Space], shape: Shape) -> None:
    if not fits(space_type, shape):
        with pytest.raises(InputError, match=r"^space=\w+: needs a .*, got '.*'\. Use "):
            space_type().sample(RandomSuggester(0), shape)
        return
    for seed in range(20):
        pattern = space_type().sample(RandomSuggester(seed), shape)
        made = (pattern.num_layers, pattern.num_heads, pattern.causal, pattern.grid)
        assert made == (shape.num_layers, shape.num_heads, shape.causal, shape.grid)
        assert load_pattern(pattern.to_dict()) == pattern


@each_space
def test_the_families_asked_for_occur(space_type: type[Space]) -> None:
    found = {
        frozenset(primitive.kind for primitive in group.attend)
        for pattern in samples(space_type, 200)
        for layer in pattern.layers
        for group in layer.heads
    }
    assert {frozenset(kinds) for kinds in SPACES[space_type][1].values()} <= found


@each_space
def test_the_same_suggestions_give_the_same_pattern(space_type: type[Space]) -> None:
    assert samples(space_type, 4)[3] == samples(space_type, 4)[3]


@pytest.mark.parametrize(
    ("space_type", "shape"),
    [(space, shape) for space in SPACES for shape in SHAPES if space is not CONDITIONAL and fits(space, shape)],
)
def test_the_parameters_and_their_options_never_change(space_type: type[Space], shape: Shape) -> None:
    offered = []
    for seed in range(20):
        recorder = Recorder(RandomSuggester(seed))
        space_type().sample(recorder, shape)
        offered.append(recorder.offered)
    assert all(other == offered[0] for other in offered)


def test_a_conditional_parameter_always_comes_with_the_same_options() -> None:
    offered: dict[str, tuple[Option, ...]] = {}
    for seed in range(200):
        recorder = Recorder(RandomSuggester(seed))
        Everything().sample(recorder, TEXT)
        for name, options in recorder.offered.items():
            assert offered.setdefault(name, options) == options


@each_space
def test_rising_numbers_are_offered_in_their_order(space_type: type[Space]) -> None:
    """So that samplers are told that 8 lies between 4 and 16 (docs/decisions/0007)."""
    for seed in range(20):
        recorder = Recorder(RandomSuggester(seed))
        space_type().sample(recorder, SPACES[space_type][0])
        for options in recorder.offered.values():
            if all(type(option) is int for option in options):
                assert list(options) == sorted(set(options))


@fixed_space
def test_every_option_has_an_effect(space_type: type[Space]) -> None:
    """For some suggestions, changing one value alone changes the pattern, whatever the parameter and value."""
    space, shape = space_type(), SPACES[space_type][0]
    effective: dict[str, set[Option]] = defaultdict(set)
    recorder = Recorder(RandomSuggester(0))
    space.sample(recorder, shape)
    choices = {name: options for name, options in recorder.offered.items() if len(options) > 1}
    for seed in range(40):
        drawn = RandomSuggester(seed)
        before = space.sample(drawn, shape)
        for name, options in choices.items():
            for option in set(options) - effective[name]:
                changed = RandomSuggester(seed)
                changed.params = {**drawn.params, name: option}
                if space.sample(changed, shape).id != before.id:
                    effective[name].add(option)
    assert effective == {name: set(options) for name, options in choices.items()}


@each_space
def test_random_samples_are_rarely_equal(space_type: type[Space]) -> None:
    """But for small spaces: two layers have 24 patterns of `local_global` and 17 of `anchors` in all."""
    distinct = len({pattern.id for pattern in samples(space_type, 100)})
    small = {LocalGlobal: 24, Anchors: 17}
    assert distinct == small[space_type] if space_type in small else distinct >= 66


@each_space
def test_baselines_are_named_rightly(space_type: Any) -> None:
    assert space_type.baselines[0] == "full"
    assert set(space_type.baselines) <= set(BASELINES)
    own = [name for name in space_type.baselines if BASELINES[name].needs.lack(SPACES[space_type][0]) is None]
    assert len(own) >= 3


OVERRIDES: dict[str, Any] = {"growing": True, "shifted": [True], "box_rows": [5], "box_columns": [5]}
"""Other values for options that are no list of words and take not every small number."""


@each_space
def test_every_option_can_be_overridden(space_type: type[Space]) -> None:
    space, shape = space_type(), SPACES[space_type][0]
    recorder = Recorder(RandomSuggester(0))
    space.sample(recorder, shape)
    for field in fields(space):  # type: ignore[arg-type]
        default = getattr(space, field.name)
        if field.name in OVERRIDES:
            value = OVERRIDES[field.name]
        elif default:
            value = default[-1:]
        else:
            offered = [options for name, options in recorder.offered.items() if name.split(".")[-1] == field.name]
            value = list(offered[0][-1:]) if offered else ["full"]
        attribute = f"{space_type.__module__}:{space_type.__name__}"
        overridden = load_space(attribute, {field.name: value})
        changed = Recorder(RandomSuggester(0))
        overridden.sample(changed, shape)
        asked = [options for name, options in changed.offered.items() if name.split(".")[-1] == field.name]
        assert getattr(overridden, field.name) == value
        assert field.name in ("growing", "families") or set(asked) == {tuple(value)}


@pytest.mark.parametrize("space_type", [Longformer, CSWin])
def test_growing_layers_never_shrink(space_type: Any) -> None:
    shape = Shape(num_layers=4, num_heads=1, num_tokens=64, causal=False, grid=(8, 8))
    for seed in range(20):
        free, grown = (space_type(growing=way).sample(RandomSuggester(seed), shape) for way in (False, True))
        sizes = [[_size(layer.heads[0].attend[0]) for layer in pattern.layers] for pattern in (free, grown)]
        assert sizes[1] == sorted(sizes[0])


def _size(primitive: Any) -> int:
    return int(getattr(primitive, "width", 0) or primitive.before)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_configuration_lists_all_options_at_their_defaults(path: Path) -> None:
    content = OmegaConf.to_container(OmegaConf.load(path))
    assert isinstance(content, dict)
    assert path.stem == content["attribute"].split(":")[0].removeprefix("search_spaces.")
    space = load_space(content["attribute"], content["options"])
    assert type(space) in SPACES
    assert space == type(space)()
    assert content["options"].keys() == vars(space).keys()


def hybrid(**fixed: Option) -> Hybrid:
    """A hybrid space with one option for each parameter that is named."""
    return Hybrid(**{name: [value] for name, value in fixed.items()})


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


def test_anchors_are_offered_where_there_are_layers_enough() -> None:
    shapes = [Shape(num_layers=num, num_heads=4, num_tokens=128, causal=True) for num in (1, 2, 4, 6)]
    offered = [set(anchors_for(shape)) for shape in shapes]
    assert [sorted(more - fewer) for fewer, more in pairwise(offered[1:])] == [
        ["local_global_3_to_1"],
        ["local_global_5_to_1"],
    ]
    assert {"growing_windows", "half_full_full_first", "longformer_growing"} <= offered[1] - offered[0]
    with pytest.raises(InputError, match=r"anchor: local_global_5_to_1: needs 6 layers or more, got 4\. Raise"):
        Anchors(anchor=["full", "local_global_5_to_1"]).sample(RandomSuggester(0), shapes[2])


@pytest.mark.parametrize("num_tokens", [128, 256, 512])
def test_anchors_that_are_compared_see_as_many_pairs(num_tokens: int) -> None:
    shape = Shape(num_layers=4, num_heads=4, num_tokens=num_tokens, causal=True)
    pairs = {name: count_pairs_of(pattern, num_tokens) for name, pattern in anchors_for(shape).items()}
    assert pairs["growing_windows"] == pairs["shrinking_windows"]
    assert 1.01 < pairs["equal_windows"] / pairs["growing_windows"] < 1.02
    assert pairs["growing_to_full"] == pairs["shrinking_from_full"] == pairs["local_global_1_to_1"]
    assert 0.99 < pairs["random_blocks"] / pairs["wide_windows"] < 1.04


def count_pairs_of(pattern: ModelPattern, num_tokens: int) -> int:
    return sum(int(head.mask(num_tokens).sum()) for layer in pattern.layers for head in layer.head_patterns())


def test_more_second_heads_than_heads_is_an_error() -> None:
    with pytest.raises(
        InputError, match=r"space.options.num_second_heads: must be at most proxy.num_heads \(4\), got 8"
    ):
        Hybrid(num_second_heads=[0, 8]).sample(RandomSuggester(0), DEFAULT)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            Serial(sampled_tokens=[8], stride_tokens=[8, 16]),
            "space.options.sampled_tokens: must hold numbers below",
        ),
        (CSWin(num_row_heads=[5]), "space.options.num_row_heads: must be at most proxy.num_heads"),
        (Everything(families=["low_rank"]), "space.options.families: low_rank: needs a bidirectional task"),
        (Everything(families=["tile"]), "space.options.families: tile: needs a task with a grid"),
    ],
)
def test_options_that_do_not_go_with_the_shape(space: Space, message: str) -> None:
    shape = IMAGE if isinstance(space, CSWin) else TEXT
    with pytest.raises(InputError) as caught:
        space.sample(RandomSuggester(0), shape)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (SparseTransformer(scheme=["select"]), "space.options.scheme: select: needs a causal task"),
        (Everything(position=["alibi"]), "space.options.position: alibi: needs a causal task"),
        (Everything(memory_tokens=[0, 8]), "space.options.memory_tokens: needs a causal task"),
    ],
)
def test_causal_options_of_a_bidirectional_task(space: Space, message: str) -> None:
    with pytest.raises(InputError) as caught:
        space.sample(RandomSuggester(0), MASKED)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("period", "first", "full"), [(3, "local", [2, 5]), (3, "full", [0, 3, 6]), (1, "local", list(range(7)))]
)
def test_one_layer_in_a_period_is_full(period: int, first: str, full: list[int]) -> None:
    shape = Shape(num_layers=7, num_heads=2, num_tokens=32, causal=True)
    pattern = LocalGlobal(period=[period], first=[first]).sample(RandomSuggester(0), shape)
    assert [layer.index for layer in pattern.layers if layer.heads[0].attend[0].kind == "full"] == full


def test_everything_reaches_every_family_that_fits_and_no_other() -> None:
    for shape in (TEXT, MASKED, IMAGE):
        kinds = {
            primitive.kind
            for seed in range(200)
            for layer in Everything().sample(RandomSuggester(seed), shape).layers
            for group in layer.heads
            for primitive in group.attend
        }
        everywhere = {"full", "window", "global", "stride", "columns", "block", "random"}
        own = {"select"} if shape.causal else {"low_rank"}
        assert kinds == everywhere | own | ({"tile", "stripe", "neighborhood"} if shape.grid else set())


def test_memory_and_positions_are_drawn_where_they_fit() -> None:
    drawn = samples(Everything, 100)
    assert {pattern.position for pattern in drawn} == {"rope", "relative", "alibi"}
    assert {layer.memory_tokens for pattern in drawn for layer in pattern.layers} == {0, 64, 128}
    masked = [Everything().sample(RandomSuggester(seed), MASKED) for seed in range(20)]
    assert {(pattern.position, pattern.layers[0].memory_tokens) for pattern in masked} == {("rope", 0)}
    recurrent = samples(TransformerXL, 40)
    assert {pattern.position for pattern in recurrent} == {"relative", "rope"}
    assert {layer.memory_tokens for pattern in recurrent for layer in pattern.layers} == {0, 32, 64, 128}


@pytest.mark.parametrize("order", ["both", "text", "needle"])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_the_most_sensitive_units_stay_full_and_the_others_stream(order: str, share: float) -> None:
    assert CHECKPOINT.sensitivity is not None
    heads, layers = CHECKPOINT.sensitivity.heads(order), CHECKPOINT.sensitivity.layers(order)
    for unit, ranked in (("head", heads), ("layer", [(layer, head) for layer in layers for head in range(4)])):
        space = BySensitivity(order=[order], unit=[unit], full_share=[share], num_sinks=[2], recent_tokens=[8])
        pattern = space.sample(RandomSuggester(0), CHECKPOINT)
        unions = {
            (layer.index, head): union.attend
            for layer in pattern.layers
            for head, union in enumerate(group for group in layer.heads for _ in range(group.count))
        }
        full = {place for place, attend in unions.items() if attend == (Full(),)}
        num_full = 4 * round(share * 2) if unit == "layer" else round(share * 8)
        assert full == set(ranked[len(ranked) - num_full :])
        assert {attend for place, attend in unions.items() if place not in full} <= {(Window(7), Global(2))}


def test_where_heads_and_sinks_cannot_be_served_layers_stay_full_and_others_have_a_window() -> None:
    plain = replace(CHECKPOINT, serving=ServingRules())
    drawn = [BySensitivity().sample(RandomSuggester(seed), plain) for seed in range(50)]
    assert all(len(set(layer.heads)) == 1 for pattern in drawn for layer in pattern.layers)
    kinds = {one.kind for pattern in drawn for layer in pattern.layers for one in layer.heads[0].attend}
    assert kinds == {"full", "window"}


@pytest.mark.parametrize("name", RULES)
def test_by_sensitivity_draws_nothing_in_vain_for_any_target(name: str) -> None:
    shape = replace(CHECKPOINT, serving=RULES[name])
    drawn = [BySensitivity().sample(RandomSuggester(seed), shape) for seed in range(60)]
    assert all(Deployment((name,)).allows(pattern) for pattern in drawn)
    assert len({pattern.id for pattern in drawn}) >= 6


def test_a_target_that_needs_a_full_layer_is_offered_no_share_without_one() -> None:
    needy = replace(CHECKPOINT, serving=ServingRules(least_full=1))
    drawn = [BySensitivity().sample(RandomSuggester(seed), needy) for seed in range(50)]
    assert all(any(layer.heads[0].attend == (Full(),) for layer in pattern.layers) for pattern in drawn)
    message = r"^space\.options\.full_share: must hold a share that leaves 1 full layer of 2, got \[0\.0, 0\.125\]"
    with pytest.raises(InputError, match=message):
        BySensitivity(full_share=[0.0, 0.125]).sample(RandomSuggester(0), needy)
