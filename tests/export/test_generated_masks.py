"""Generated modules say what the pattern says, where `nas` is not installed."""

import subprocess
import sys
from dataclasses import dataclass, replace

import pytest
import torch
from strategies import MASK_KINDS

from nas.errors import ExportError
from nas.export.generated import layer as generated_layer
from nas.export.generated.expressions import EXPRESSIONS
from nas.export.provenance import Provenance
from nas.export.settings import ExportSettings
from nas.export.targets.catalog import FORMATS
from nas.patterns.layer import HeadGroup
from nas.patterns.model import POSITIONS, ModelPattern
from nas.patterns.primitives import Block, Full, Global, LowRank, Primitive, Random, Select, Stripe, Tile, Window

LENGTHS, GRID = (1, 64, 100), (5, 7)
BLOCK_SIZE = 16

# Runs with -I: no environment, no site of the caller, and `nas` blocked even if it is installed.
READER = """
import importlib, sys
import torch

class NoNas:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "nas":
            raise ImportError("nas is not here")

sys.meta_path.insert(0, NoNas())
folder, lengths, block_size = sys.argv[1], eval(sys.argv[2]), int(sys.argv[3])
sys.path.insert(0, folder)
read = {}
for name in sys.argv[4:]:
    module = importlib.import_module(name)
    for n in lengths[name]:
        for layer in range(module.NUM_LAYERS):
            mod = module.mask_mod(layer, n)
            at = torch.tensor
            by_head = [mod(at(0), at(h), torch.arange(n)[:, None], torch.arange(n)) for h in range(module.NUM_HEADS)]
            blocks = module.block_mask(layer, n, block_size=block_size).to_dense()[0]
            read[f"{name}/{n}/{layer}"] = [module.mask(layer, n), torch.stack(by_head), blocks]
assert not any(name.split(".")[0] == "nas" for name in sys.modules)
torch.save(read, folder + "/read.pt")
"""


def _provenance(pattern: ModelPattern, **more) -> Provenance:
    return Provenance(study="demo", trial=1, pattern_id=pattern.id, **more)


MODULES = {"flex": "attention_pattern", "torch": "torch_attention"}


def _source(pattern: ModelPattern, name: str = "flex", **more) -> str:
    files = FORMATS[name].write(pattern, _provenance(pattern, **more), ExportSettings())
    return files[f"{MODULES[name]}.py"]


def _load(pattern: ModelPattern, name: str = "flex", **more) -> dict:
    module: dict = {"__name__": MODULES[name]}
    exec(_source(pattern, name, **more), module)
    return module


def _prove(pattern: ModelPattern) -> None:
    FORMATS["flex"].prove({"attention_pattern.py": _source(pattern)}, pattern)


def _any_in_block(mask: torch.Tensor) -> torch.Tensor:
    """Which blocks hold a visible pair, from the dense mask."""
    heads, n, _ = mask.shape
    rows = -(-n // BLOCK_SIZE)
    padded = torch.zeros(heads, rows * BLOCK_SIZE, rows * BLOCK_SIZE, dtype=torch.bool)
    padded[:, :n, :n] = mask
    return padded.view(heads, rows, BLOCK_SIZE, rows, BLOCK_SIZE).any(dim=4).any(dim=2)


def test_masks_equal_ours_in_a_process_without_nas(tmp_path, draw_pattern):
    patterns = {f"pattern_{seed}": draw_pattern(seed, seed % 2 == 0) for seed in range(12)}
    patterns |= {f"grid_{seed}": draw_pattern(seed, seed % 2 == 0, GRID) for seed in range(8)}
    kinds = {p.kind for m in patterns.values() for layer in m.layers for g in layer.heads for p in g.attend}
    assert kinds == set(MASK_KINDS)
    lengths = {name: (GRID[0] * GRID[1],) if pattern.grid else LENGTHS for name, pattern in patterns.items()}
    for name, pattern in patterns.items():
        (tmp_path / f"{name}.py").write_text(_source(pattern))
    arguments = [str(tmp_path), str(lengths), str(BLOCK_SIZE), *patterns]
    subprocess.run([sys.executable, "-I", "-c", READER, *arguments], check=True, timeout=120)
    read = torch.load(tmp_path / "read.pt", weights_only=True)
    assert len(read) == sum(len(lengths[name]) * pattern.num_layers for name, pattern in patterns.items())
    for name, pattern in patterns.items():
        for n in lengths[name]:
            for layer in range(pattern.num_layers):
                dense, by_head, blocks = read[f"{name}/{n}/{layer}"]
                ours = pattern.mask(layer, n)
                assert torch.equal(dense, ours)
                assert torch.equal(by_head.expand_as(ours), ours)
                assert torch.equal(blocks.bool().expand(4, -1, -1), _any_in_block(ours))


def test_every_mask_can_be_said():
    assert {primitive.kind for primitive in EXPRESSIONS} == set(MASK_KINDS)


def test_a_grid_fixes_the_length():
    module = _load(ModelPattern.of([(HeadGroup(1, (Tile(2, 3),)),)], grid=(4, 6), causal=False))
    assert module["mask"](0, 24).sum() == 24 * 6
    assert module["mask_mod"](0)(0, 0, torch.tensor(8), torch.tensor(1))
    with pytest.raises(ValueError, match="num_tokens: must be 24, a grid of 4 rows and 6 columns, got 25"):
        module["mask"](0, 25)


@pytest.mark.parametrize("position", POSITIONS)
def test_the_position_is_named_and_left_to_the_model(position):
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)),)], position=position)
    module = _load(pattern)
    assert module["POSITION"] == position
    assert torch.equal(module["mask"](0, 9), pattern.mask(0, 9))


@pytest.mark.parametrize("name", MODULES)
def test_attention_equals_dense_attention_and_has_gradients(name):
    pattern = ModelPattern.of([(HeadGroup(2, (Window(3), Global(1))), HeadGroup(2, (Full(),)))])
    q, k, v = torch.randn(3, 2, 4, 20, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    q.requires_grad_()
    out = _load(pattern, name)["attention"](0, q, k, v)
    scores = (q @ k.mT * 8**-0.5).masked_fill(~pattern.mask(0, 20), -torch.inf)
    torch.testing.assert_close(out, scores.softmax(-1) @ v)
    out.sum().backward()
    assert q.grad is not None and q.grad.isfinite().all()


@pytest.mark.parametrize("name", MODULES)
def test_attention_with_grouped_queries(name):
    module = _load(ModelPattern.of([(HeadGroup(4, (Window(3),)),)]), name)
    q, kv = torch.randn(1, 4, 9, 8), torch.randn(1, 2, 9, 8)
    repeated = kv.repeat_interleave(2, dim=1)
    torch.testing.assert_close(module["attention"](0, q, kv, kv), module["attention"](0, q, repeated, repeated))


@pytest.mark.parametrize("name", MODULES)
def test_wrong_shapes_and_layers_are_refused(name):
    module = _load(ModelPattern.of([(HeadGroup(4, (Window(3),)),)]), name)
    q = torch.randn(1, 3, 9, 8)
    with pytest.raises(ValueError, match="must have 4 query heads"):
        module["attention"](0, q, q, q)
    with pytest.raises(ValueError, match="layer: must be from 0 to 0, got 1"):
        module["mask_mod"](1)


def test_length_is_asked_for_only_where_the_mask_depends_on_it():
    free = _load(ModelPattern.of([(HeadGroup(1, (Window(3),)),)]))
    assert free["mask_mod"](0)(0, 0, torch.tensor(5), torch.tensor(2))
    bound = _load(ModelPattern.of([(HeadGroup(1, (Window(3), Random(4, 1))),)]))
    with pytest.raises(ValueError, match="num_tokens: must be given"):
        bound["mask_mod"](0)


def test_layers_that_attend_alike_share_one_function_and_one_block_mask():
    alike = (HeadGroup(2, (Window(3),)),)
    module = _load(ModelPattern.of([alike, (HeadGroup(2, (Full(),)),), alike]))
    assert module["LAYERS"][0] is module["LAYERS"][2]
    assert module["block_mask"](0, 64) is module["block_mask"](2, 64)


HOSTILE = 'x"""\nraise SystemExit("run")\n\'\'\'{0}{pattern_id}%s\\'


def test_names_from_outside_stay_inside_string_literals():
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)),)])
    provenance = replace(_provenance(pattern), study=HOSTILE, baseline=HOSTILE, made_with={HOSTILE: [HOSTILE, None]})
    module: dict = {"__name__": "attention_pattern"}
    exec(FORMATS["flex"].write(pattern, provenance, ExportSettings())["attention_pattern.py"], module)
    assert module["PROVENANCE"]["study"] == HOSTILE
    assert module["PROVENANCE"]["made_with"] == {HOSTILE: [HOSTILE, None]}


def test_a_primitive_that_flex_cannot_say_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(generated_layer, "EXPRESSIONS", {Window: EXPRESSIONS[Window]})
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)),), (HeadGroup(1, (Window(3), Global(2))),)])
    with pytest.raises(ExportError, match=r"'global' in layer 1, head 0 \(layers\[1\]\.heads\[0\]\.attend\[1\]\)"):
        _source(pattern)


def _with_memory() -> ModelPattern:
    return ModelPattern.of([(HeadGroup(1, (Full(),)),)] * 2, memory_tokens=[0, 4])


def _second_group(primitive: Primitive, causal: bool) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(1, (Full(),)), HeadGroup(1, (primitive,)))], causal=causal)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (_second_group(Select(4, 2), True), r"'select' in layer 0, head 1 \(layers\[0\]\.heads\[1\]\.attend\[0\]\)"),
        (_second_group(LowRank(4), False), r"'low_rank' in layer 0, head 1 \(layers\[0\]\.heads\[1\]\.attend\[0\]\)"),
        (_with_memory(), r"'memory_tokens' in layer 1, all heads \(layers\[1\]\.memory_tokens\)"),
    ],
    ids=["select", "low_rank", "memory"],
)
def test_what_is_no_mask_is_refused_with_its_place(pattern, said):
    with pytest.raises(ExportError, match=f"^flex: cannot say {said}: .*. Use --format pattern"):
        _source(pattern)


@dataclass
class Wrong:
    primitive: object
    said: str


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(Window(5000), "q_idx - kv_idx <= 4999"),
        Wrong(Window(5000), "(q_idx - kv_idx <= 5000) | (kv_idx == 4)"),
        Wrong(Block(3000), "q_idx // 3001 == kv_idx // 3001"),
    ],
)
def test_the_proof_finds_a_wrong_mask_at_distances_far_from_the_start(monkeypatch, wrong):
    monkeypatch.setitem(generated_layer.EXPRESSIONS, type(wrong.primitive), lambda primitive: wrong.said)
    pattern = ModelPattern.of([(HeadGroup(1, (wrong.primitive,)),)])
    with pytest.raises(ExportError, match="another mask than the pattern in layer 0"):
        _prove(pattern)


@pytest.mark.parametrize("grid", [(6, 9), (40, 50)])
def test_the_proof_finds_a_wrong_mask_on_a_grid(monkeypatch, grid):
    monkeypatch.setitem(generated_layer.EXPRESSIONS, Stripe, lambda primitive: "q_idx // COLUMNS == kv_idx // COLUMNS")
    pattern = ModelPattern.of([(HeadGroup(1, (Stripe("row", 2),)),)], causal=False, grid=grid)
    with pytest.raises(ExportError, match="another mask than the pattern in layer 0"):
        _prove(pattern)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("grid", [None, (3, 8), (40, 50)])
def test_the_proof_accepts_what_is_right(draw_pattern, seed, grid):
    pattern = draw_pattern(seed, seed % 2 == 1, grid)
    _prove(pattern)


def test_the_last_queries_alone_attend_as_in_the_whole_sequence():
    """More queries than the module takes at once, so that the pieces must fit together too."""
    pattern = ModelPattern.of([(HeadGroup(1, (Window(30), Global(1))), HeadGroup(1, (Random(8, 2), Window(1))))])
    module = _load(pattern, "torch")
    q, k, v = torch.randn(3, 1, 2, 600, 8, generator=torch.Generator().manual_seed(0))
    whole = module["attention"](0, q, k, v)
    scores = (q @ k.mT * 8**-0.5).masked_fill(~pattern.mask(0, 600), -torch.inf)
    torch.testing.assert_close(whole, scores.softmax(-1) @ v)
    torch.testing.assert_close(module["Attention"](0)(q[:, :, -5:], k, v), whole[:, :, -5:])


def test_a_bidirectional_sequence_cannot_be_cut():
    module = _load(ModelPattern.of([(HeadGroup(1, (Window(3, 3),)),)], causal=False), "torch")
    q = torch.randn(1, 1, 9, 8)
    with pytest.raises(ValueError, match="a causal q may be shorter"):
        module["attention"](0, q[:, :, -1:], q, q)
