"""docs/targets.md has a row for every shipped target, with its own numbers."""

import doctest
import re
from itertools import groupby
from pathlib import Path

import pytest

from nas.config.folder import PROXY_TARGET, choices, find_conf
from nas.config.target import load_target
from nas.costs.counting import cost_with_ratio
from nas.costs.native import native_pattern
from nas.costs.target import Target
from nas.report.quantities import format_quantity, format_ratio

PAGE = (Path(__file__).parents[2] / "docs" / "targets.md").read_text(encoding="utf-8")
NAMES = [name for name in choices("target") if name != PROXY_TARGET]


def windows(target: Target) -> str:
    """`5 x 1,024, then full`: one period of the native pattern."""
    runs = [(keys, len(list(run))) for keys, run in groupby(target.native_windows or [])]
    if len(runs) == 1 and runs[0][0] is None:
        return "full"
    return ", then ".join(
        f"{count} x {keys:,}" if count > 1 else "full" if keys is None else f"{keys:,}" for keys, count in runs
    )


def source(name: str) -> str:
    """The repository on the Hugging Face hub that the comment at the top of its file names."""
    found = re.search(
        r"[A-Za-z][\w-]*/[\w.-]*\w", (find_conf() / "target" / f"{name}.yaml").read_text(encoding="utf-8")
    )
    assert found is not None
    return f"[{found[0]}](https://huggingface.co/{found[0]}/blob/main/config.json)"


def row(name: str) -> str:
    target = load_target(name)
    assert target is not None
    cost, ratio = cost_with_ratio(native_pattern(target), target)
    cells = [
        f"`{name}`",
        f"{target.num_layers}",
        f"{target.num_heads}, {target.num_kv_heads}",
        f"{target.d_model:,}, {target.d_head}, {target.d_mlp:,}",
        f"{target.vocab_size:,}" + (", tied" if target.tied_embeddings else ""),
        windows(target),
        format_ratio(ratio["attention_flops"]),
        f"{format_quantity(cost.kv_cache_bytes, 'bytes')}, {format_ratio(ratio['kv_cache_bytes'])}",
        source(name),
    ]
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("name", NAMES)
def test_the_table_has_its_row(name: str) -> None:
    assert row(name) in PAGE.splitlines()


def test_the_table_has_no_other_row() -> None:
    assert [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `") and "k` |" in line] == NAMES


def test_the_session_says_what_happens() -> None:
    (session,) = re.findall(r"```pycon\n(.*?)```", PAGE, re.DOTALL)
    examples = doctest.DocTestParser().get_doctest(session, {}, "docs/targets.md", None, 0)
    assert doctest.DocTestRunner().run(examples).failed == 0


if __name__ == "__main__":
    print("\n".join(map(row, NAMES)))
