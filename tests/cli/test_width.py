"""What people read fits 80 columns: every line of every command, but for paths, which nothing can break."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from nas.cli.main import VERBS, help_text
from nas.results.codec import to_document
from nas.results.front import Front
from tests.fronts import make_checkpoint_front, make_target_front

WIDTH = 80
ROOT = Path(__file__).parents[2]
TABLE = ROOT / "tables" / "tabular-text.jsonl"


@pytest.fixture
def runs(study: Path, in_tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Studies of several kinds, one of them with a name as long as a folder may have."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    for name in ("one", "two", "a-name-that-says-all-about-the-study-and-then-some-more"):
        copytree(study, in_tmp_path / "runs" / name)
    config = in_tmp_path / "runs" / "two" / "config.yaml"
    config.write_text(config.read_text().replace("sampler: ehvi", "sampler: tpe"))
    return in_tmp_path / "runs"


def too_wide(text: str) -> list[str]:
    """Lines of more than 80 columns that could be broken."""
    return [line for line in text.splitlines() if len(line) > WIDTH and " " in line.strip()]


COMMANDS = (
    ("list",),
    ("compare", "one", "two"),
    ("compare", "one", "two", "a-name-that-says-all-about-the-study-and-then-some-more"),
    ("show", "one"),
    ("cost", "one#6", "--target", "llama-3.1-8b-32k"),
    ("cost", "bigbird", "--tokens", "131072"),
    ("draw", "one#6"),
    ("draw", "sparse_transformer_fixed", "--layers", "32", "--heads", "48"),
    ("export", "one", "--format", "flex", "--out", "chosen"),
    ("report", "one"),
    ("front", "one", "constraints.kv_cache_ratio=0.9"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:40])
def test_no_line_is_wider(nas, runs: Path, words: tuple[str, ...]) -> None:
    outcome = nas(*words)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out and too_wide(outcome.out) == []


@pytest.mark.parametrize("text", [help_text(), *(verb.help_text() for verb in VERBS.values())], ids=["", *VERBS])
def test_no_line_of_help_is_wider(text: str) -> None:
    assert [line for line in text.splitlines() if len(line) > WIDTH] == []


def test_no_line_of_a_verified_bundle_is_wider(nas, runs: Path) -> None:
    assert nas("export", "one", "--trial", "0", "--format", "minference", "--out", "chosen").code == 0
    outcome = nas("verify", "chosen")
    assert outcome.code == 0 and too_wide(outcome.out) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("doctor",), ("table", "show", str(TABLE)), ("cost", "full", "--tokens", "64", "--measure")]
)
def test_no_line_of_the_slower_commands_is_wider(runs: Path, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "nas.cli.main", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout and too_wide(done.stdout) == []


@pytest.mark.parametrize("front", [make_checkpoint_front(), make_target_front()], ids=["checkpoint", "target"])
def test_no_line_of_a_front_is_wider(nas, runs: Path, front: Front) -> None:
    (runs / "one" / "front.json").write_text(json.dumps(to_document(front)))
    shown = nas("show", "one")
    assert shown.code == 0 and too_wide(shown.out) == []
    wide = nas("show", "one", "--wide")
    assert all(score.name.rpartition("_")[2] in wide.out for score in front.scores)
    assert nas("list").out and too_wide(nas("list").out) == []
    assert too_wide(nas("compare", "one", "two").out) == []


def test_without_a_terminal_and_without_columns_there_is_more_room(nas, runs: Path, monkeypatch) -> None:
    monkeypatch.delenv("COLUMNS")
    (runs / "one" / "front.json").write_text(json.dumps(to_document(make_checkpoint_front())))
    widths = [len(line) for line in nas("show", "one").out.splitlines()]
    assert WIDTH < max(widths) <= 120
