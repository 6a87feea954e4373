"""PATTERN: a file, a trial or a baseline."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from nas.cli.pattern_argument import read_pattern
from nas.errors import NasError
from nas.patterns.file import load_pattern
from nas.space.baselines import BASELINES


def named(pattern: str, **shape: Any) -> Namespace:
    fields = {"layers": None, "heads": None, "grid": None, "bidirectional": False}
    return Namespace(pattern=pattern, **(fields | shape))


def test_a_file_and_the_trial_that_it_belongs_to_are_one_pattern(study: Path, pattern_file: Path) -> None:
    expected = load_pattern(pattern_file)
    assert read_pattern(named(str(pattern_file)), 32) == expected
    assert read_pattern(named(f"{study}#6"), 32) == expected
    assert read_pattern(named(f"{study}#00006"), 32) == expected


def test_a_file_comes_before_a_baseline_and_a_trial_of_the_same_name(pattern_file: Path, in_tmp_path: Path) -> None:
    for name in ("full", "quick#6"):
        Path(name).write_text(pattern_file.read_text())
        assert read_pattern(named(name), 32) == load_pattern(pattern_file)


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_is_reached_with_the_shape_that_the_errors_ask_for(name: str) -> None:
    shape: dict[str, Any] = {"layers": 4, "heads": 6}
    remedies: dict[str, dict[str, Any]] = {"--grid": {"grid": (8, 8)}, "Add --bidirectional": {"bidirectional": True}}
    for _ in range(3):
        try:
            pattern = read_pattern(named(name, **shape), 64)
        except NasError as error:
            shape |= next(more for remedy, more in remedies.items() if remedy in str(error))
        else:
            break
    assert (pattern.num_layers, pattern.num_heads) == (4, 6)
    assert pattern.causal is not shape.get("bidirectional", False)


def test_a_grid_sets_the_length_of_a_baseline() -> None:
    assert read_pattern(named("neighborhood", grid=(4, 6)), 999).grid == (4, 6)


@pytest.mark.parametrize(
    ("pattern", "shape", "message"),
    [
        ("STUDY", {}, r"^PATTERN: must be a file, STUDY#TRIAL or a baseline.*write .*toy#TRIAL"),
        ("toy", {}, r"^PATTERN: must be a file, STUDY#TRIAL or a baseline, got 'toy'\. .* write toy#TRIAL"),
        ("STUDY#99", {}, r"^trial: must be one of 0 to"),
        ("STUDY#x", {}, r"^PATTERN: must be STUDY#TRIAL"),
        ("#1", {}, r"^PATTERN: must be STUDY#TRIAL"),
        ("long-former", {}, r"^PATTERN: unknown file or baseline.*Did you mean 'longformer'"),
        ("none.json", {}, r"^none\.json: must be a readable pattern file"),
        ("STUDY#0", {"heads": 2}, r"^--heads: must go with the name of a baseline"),
        ("streaming", {"bidirectional": True}, r"^PATTERN: needs a causal model.*Leave --bidirectional out"),
    ],
)
def test_what_names_no_pattern_is_refused(
    study: Path, in_tmp_path: Path, pattern: str, shape: dict[str, Any], message: str
) -> None:
    Path("runs").symlink_to(study.parent)
    with pytest.raises(NasError, match=message):
        read_pattern(named(pattern.replace("STUDY", str(study)), **shape), 32)
