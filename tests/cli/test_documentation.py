"""docs/command-line.md repeats the help texts; `python tests/cli/test_documentation.py` writes it again."""

from pathlib import Path

from nas.cli.main import VERBS, help_text

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"

INTRODUCTION = """# The command line

Every text below is what `--help` prints; a test keeps them equal.

- STUDY is a name, the folder `runs/NAME`, or the path of a study folder.
- PATTERN is a pattern file ([patterns.md](patterns.md)), STUDY#TRIAL, or a baseline
  ([gallery.md](gallery.md)).
- A mistake that you can fix is reported in one line on standard error, with exit code 2, and
  nothing is written. Ctrl-C ends with exit code 130; the same command resumes a search or a table.
- No secret is a setting. `WANDB_API_KEY` is read from the environment and stored nowhere.

`nas search` reads the YAML files in `conf/` with Hydra's Compose API, so Hydra's override grammar
holds: `key=value`, lists as `[a,b]`, `-m key=a,b` for several studies. `--config-dir DIR` adds
your own files: `DIR/preset/mine.yaml` becomes `preset=mine`. Such files are at most 1 MiB long and
use no YAML references (`*name`). A value that Hydra cannot parse is taken as plain text, so paths
need only the shell's quotes.
"""


def page() -> str:
    parts = [INTRODUCTION, _block("nas --help", help_text())]
    parts += [_block(f"nas {name} --help", verb.help_text()) for name, verb in VERBS.items()]
    return "\n".join(parts)


def _block(command: str, text: str) -> str:
    return f"## `{command.removesuffix(' --help')}`\n\n```console\n$ {command}\n{text}```\n"


def test_the_page_repeats_the_help() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/cli/test_documentation.py"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
