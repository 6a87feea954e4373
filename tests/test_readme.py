"""What the README shows works as shown."""

import re
import shlex
from pathlib import Path

import pytest

from nas.cli.main import VERBS
from nas.config.load import load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks("python")
    exec(compile(block, "README.md", "exec"), {})
    assert "torch.Size([8, 512, 512])" in capsys.readouterr().out


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


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]))
def test_every_link_and_file_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"
    for name in re.findall(r"`((?:nas|search_spaces|conf|tests|benchmarks|docs)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), f"{page.name}: {name}"
