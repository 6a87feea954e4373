"""The masks of a generated module are the pattern's, also where `nas` is not installed."""

import subprocess
import sys

import pytest
import torch

from nas.patterns.layer import HeadGroup
from nas.patterns.model import POSITIONS, ModelPattern
from nas.patterns.primitives import Random, Tile, Window
from tests.strategies import MASK_KINDS
from tests.supported_patterns import files_of, load_module

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
        (tmp_path / f"{name}.py").write_text(files_of("flex", pattern)["attention_pattern.py"])
    arguments = [str(tmp_path), str(lengths), str(BLOCK_SIZE), *patterns]
    subprocess.run([sys.executable, "-I", "-c", READER, *arguments], check=True, timeout=120)
    read = torch.load(tmp_path / "read.pt", weights_only=True)
    assert len(read) == sum(len(lengths[name]) * pattern.num_layers for name, pattern in patterns.items())
    for name, pattern in patterns.items():
        for n in lengths[name]:
            for layer in range(pattern.num_layers):
                dense, by_head, blocks = read[f"{name}/{n}/{layer}"]
                ours = torch.from_numpy(pattern.mask(layer, n))
                assert torch.equal(dense, ours)
                assert torch.equal(by_head.expand_as(ours), ours)
                assert torch.equal(blocks.bool().expand(4, -1, -1), _any_in_block(ours))


def test_a_grid_fixes_the_length():
    module = load_module("flex", ModelPattern.of([(HeadGroup(1, (Tile(2, 3),)),)], grid=(4, 6), causal=False))
    assert module["mask"](0, 24).sum() == 24 * 6
    assert module["mask_mod"](0)(0, 0, torch.tensor(8), torch.tensor(1))
    with pytest.raises(ValueError, match="num_tokens: must be 24, a grid of 4 rows and 6 columns, got 25"):
        module["mask"](0, 25)


@pytest.mark.parametrize("position", POSITIONS)
def test_the_position_is_named_and_left_to_the_model(position):
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)),)], position=position)
    module = load_module("flex", pattern)
    assert module["POSITION"] == position
    assert torch.equal(module["mask"](0, 9), torch.from_numpy(pattern.mask(0, 9)))


def test_length_is_asked_for_only_where_the_mask_depends_on_it():
    free = load_module("flex", ModelPattern.of([(HeadGroup(1, (Window(3),)),)]))
    assert free["mask_mod"](0)(0, 0, torch.tensor(5), torch.tensor(2))
    bound = load_module("flex", ModelPattern.of([(HeadGroup(1, (Window(3), Random(4, 1))),)]))
    with pytest.raises(ValueError, match="num_tokens: must be given"):
        bound["mask_mod"](0)
