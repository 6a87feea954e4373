"""What the README shows works as shown."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from nas.cli.main import VERBS
from nas.config.load import load_settings
from tests.tiny_models import save_tiny_model, written_text

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    block, _ = blocks("python")
    exec(compile(block, "README.md", "exec"), {})
    assert "(8, 512, 512)" in capsys.readouterr().out


SMALL = ["num_trials=4", "workers=1", "device=cpu", "tracking=none"]
SMALL += ["task.num_tokens=64", "task.validation_sequences=4", "evaluation.needle_sequences=2"]
"""The story of the checkpoint with less of everything."""


@pytest.mark.slow
def test_the_story_from_a_checkpoint_to_generate_runs(tmp_path: Path) -> None:
    """In a process of its own, since what it registers with transformers stays."""
    pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
    save_tiny_model(tmp_path / "my-model")
    written_text(tmp_path).rename(tmp_path / "my-text")
    section = README.partition("## Search inside a model you have\n")[2]
    (shell,), (program,) = (
        [re.findall(rf"```{kind}\n(.*?)```", section, flags=re.DOTALL)[0]] for kind in ("sh", "python")
    )
    for line in shell.splitlines()[1:]:
        words = shlex.split(line.split("  #")[0])
        run(tmp_path, "-m", "nas.cli.main", *words[1:], *(SMALL if words[1] == "search" else []))
    verified = json.loads((tmp_path / "chosen" / "verification.json").read_text())
    assert any("transformers" in check["by"] for check in verified["checks"])
    said = run(tmp_path, "-c", program)
    assert said.startswith("def window(query, key):") and len(said.strip()) > len("def window(query, key):")


def run(folder: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands() -> list[str]:
    lines = "\n".join(blocks("sh")).splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.startswith("nas ")]


@pytest.mark.parametrize("command", commands())
def test_every_command_is_understood(command: str) -> None:
    _, verb, *words = shlex.split(command)
    if verb == "search":
        assert load_settings(words)
    else:
        VERBS[verb]._parser().parse_intermixed_args(words)


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]))
def test_every_link_and_file_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"
    for name in re.findall(r"`((?:nas|search_spaces|conf|tests|benchmarks|docs)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), f"{page.name}: {name}"
