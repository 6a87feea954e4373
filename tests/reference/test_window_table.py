"""The table of docs/patterns.md, '"Window" means something else in every library', row by row.

Rows of installed libraries are checked by calling them; the others by the formula that the named source states.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Window

PAGE = (Path(__file__).parents[2] / "docs" / "patterns.md").read_text(encoding="utf-8")
SECTION = PAGE.split('## "Window" means something else in every library')[1].split("\n## ")[0]
ROWS = dict(re.findall(r"^\| (?!library|---)(.+?) \| .+? \| (.+?) \|$", SECTION, re.MULTILINE))
"""The first cell of each row, with the last: `before` and `after` as expressions of the library's numbers."""

NUM_TOKENS = 19


@dataclass(frozen=True)
class Row:
    """What a library says about one row.

    Args:
        theirs: (i, j, *numbers) to whether query i sees key j; or, for a library that is called, (library, *numbers)
            to its mask function.
        numbers: the names of its numbers in the row, with values to try.
        causal: whether theirs is causal.
    """

    theirs: Callable[..., Any]
    numbers: dict[str, list[int]]
    causal: bool = False

    def settings(self) -> list[dict[str, int]]:
        return [dict(zip(self.numbers, values, strict=True)) for values in zip(*self.numbers.values(), strict=True)]


def window_of(cell: str, numbers: dict[str, int]) -> Window:
    """The last cell of a row, such as "`before` = `after` = w / 2", as a window."""
    parameters: dict[str, int] = {}
    for part in cell.split(", "):
        *names, value = part.split(" = ")  # "in blocks" names nothing
        parameters |= {name.strip("`"): int(eval(value, {}, dict(numbers))) for name in names}
    return Window(**parameters)


CALLED = {
    "transformers, causal `sliding_window` = w": Row(
        lambda library, w: library.masking_utils.sliding_window_causal_mask_function(w),
        {"w": [1, 2, 7, 30]},
        causal=True,
    ),
    "transformers, bidirectional sliding window w": Row(
        lambda library, w: library.masking_utils.sliding_window_bidirectional_mask_function(w),
        {"w": [1, 2, 7, 30]},
    ),
}

STATED = {
    # README.md and flash_attn_interface.py of Dao-AILab/flash-attention, from 2.3 on: keys from i - l to i + r
    "FlashAttention, `window_size=(l, r)`": Row(
        lambda i, j, l, r: i - l <= j <= i + r,  # noqa: E741
        {"l": [0, 3, 30], "r": [0, 5, 1]},
    ),
    # longformer/longformer.py of allenai/longformer: "number of attention locations on each side", and its dilation
    "AllenAI Longformer, `attention_window` = w": Row(lambda i, j, w: abs(i - j) <= w, {"w": [1, 2, 8]}),
    "AllenAI Longformer, `attention_window` = w, `attention_dilation` = d": Row(
        lambda i, j, w, d: any(abs(i - j) == d * k for k in range(w + 1)), {"w": [1, 2, 8], "d": [2, 3, 1]}
    ),
    # attn_gym/masks/sliding_window.py and dilated_sliding_window.py of meta-pytorch/attention-gym
    "attention-gym, `generate_sliding_window(w)`": Row(
        lambda i, j, w: i - j <= w and i >= j, {"w": [1, 2, 8]}, causal=True
    ),
    "attention-gym, `generate_dilated_sliding_window(w, d)`": Row(
        lambda i, j, w, d: abs(i - j) <= w and abs(i - j) % d == 0, {"w": [2, 7, 8], "d": [3, 2, 4]}
    ),
}


def by_calling(library: Any, row: Row, numbers: dict[str, int]) -> torch.Tensor:
    token = torch.arange(NUM_TOKENS)
    return row.theirs(library, **numbers)(0, 0, token[:, None], token[None, :])


def by_formula(row: Row, numbers: dict[str, int], num_tokens: int = NUM_TOKENS) -> torch.Tensor:
    places = range(num_tokens)
    return torch.tensor([[row.theirs(i, j, **numbers) for j in places] for i in places])


@pytest.mark.parametrize("name", CALLED)
def test_a_row_says_what_the_library_does_when_called(transformers, name):
    row = CALLED[name]
    for numbers in row.settings():
        ours = torch.from_numpy(HeadPattern((window_of(ROWS[name], numbers),), causal=row.causal).mask(NUM_TOKENS))
        assert torch.equal(by_calling(transformers, row, numbers), ours), numbers


@pytest.mark.parametrize("name", STATED)
def test_a_row_says_what_the_libraries_formula_states(name):
    row = STATED[name]
    for numbers in row.settings():
        ours = torch.from_numpy(HeadPattern((window_of(ROWS[name], numbers),), causal=row.causal).mask(NUM_TOKENS))
        assert torch.equal(by_formula(row, numbers), ours), numbers


BY_MODELS = {
    "transformers, `LongformerConfig.attention_window` = w (even)": ({"w": 8}, Window(4, 4)),
    "transformers, Gemma 3 with `use_bidirectional_attention`, `sliding_window` = w": ({"w": 7}, Window(3, 3)),
    "transformers, ModernBERT `local_attention` = w": ({"w": 7}, Window(3, 3)),
}
"""Rows that test_longformer.py and test_transformers_masks.py check with whole models, and the window they use."""


@pytest.mark.parametrize("name", BY_MODELS)
def test_a_row_says_what_whole_models_are_compared_with(name):
    numbers, window = BY_MODELS[name]
    assert window_of(ROWS[name], numbers) == window


DEEPSPEED = "DeepSpeed, `num_sliding_window_blocks` = b"
# deepspeed/ops/sparse_attention/sparsity_config.py, set_sliding_window_layout: blocks i - b // 2 to i + b // 2
DEEPSPEED_ROW = Row(lambda i, j, b: i - b // 2 <= j <= i + b // 2, {"b": [1, 3, 4, 7]})


def test_deepspeed_by_formula_counts_in_blocks():
    """A window of blocks is a union of `block`s, one for each shift: two blocks that near share one of the chunks."""
    for numbers in DEEPSPEED_ROW.settings():
        in_blocks = window_of(ROWS[DEEPSPEED], numbers)
        layout = by_formula(DEEPSPEED_ROW, numbers, num_tokens=12)
        assert torch.equal(layout, torch.from_numpy(HeadPattern((in_blocks,), causal=False).mask(12)))
        chunk = in_blocks.before + 1
        union = tuple(Block(5 * chunk, shift=5 * step) for step in range(chunk))
        in_tokens = layout.repeat_interleave(5, 0).repeat_interleave(5, 1)
        assert torch.equal(torch.from_numpy(HeadPattern(union, causal=False).mask(60)), in_tokens)


NATTEN = "NATTEN, `kernel_size` = k (odd), `dilation` = d, away from the edges"


@pytest.mark.parametrize(("k", "d"), [(3, 1), (5, 1), (5, 2), (3, 4)])
def test_natten_by_formula_equals_ours_away_from_the_edges(k, d):
    """Hassani et al. 2023 and Hassani and Shi 2022 (dilated): near an edge the k keys stay k, moved inwards."""
    num_tokens = 30
    theirs = torch.zeros(num_tokens, num_tokens, dtype=torch.bool)
    for i in range(num_tokens):
        group = range(i % d, num_tokens, d)
        first = min(max(i // d - k // 2, 0), len(group) - k)
        theirs[i, list(group[first : first + k])] = True
    window = window_of(ROWS[NATTEN], {"k": k, "d": d})
    ours = torch.from_numpy(HeadPattern((window,), causal=False).mask(num_tokens))
    reach = k // 2 * d
    assert torch.equal(theirs[reach:-reach], ours[reach:-reach])
    assert (theirs.sum(dim=1) == k).all()
    assert (ours.sum(dim=1)[[0, -1]] == k // 2 + 1).all()


def test_every_row_of_the_page_is_checked():
    assert set(ROWS) == {*CALLED, *STATED, *BY_MODELS, DEEPSPEED, NATTEN}
