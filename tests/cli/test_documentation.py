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
- No secret is a setting of `nas`. `WANDB_API_KEY` is read from the environment and stored nowhere.
  A credential among your settings, such as an option `api_key` of your own space, is replaced by
  `(redacted)` in the study folder ([tracking.md](tracking.md)).

`nas search` reads the YAML files in `conf/` with Hydra's Compose API, so Hydra's override grammar
holds: `key=value`, lists as `[a,b]`, `-m key=a,b` for several studies. `--config-dir DIR` adds
your own files: `DIR/preset/mine.yaml` becomes `preset=mine`. A value that Hydra cannot parse is
taken as plain text, so paths need only the shell's quotes.

Files of `--config-dir` are data, wherever you have them from. A value may refer to another key
(`${seed}`) and a defaults list may choose among the sets of settings (`override /task: recall`).
All else that Hydra or YAML would do is refused before a file is composed: resolvers such as
`${oc.env:HOME}`, packages but `_global_`, keys and folders for Hydra itself, defaults from other
folders, anchors, tags, merged mappings, more than 64 KiB. A file may name a module of your own only
if the command line does too: `space=mine space.attribute=my_module:MySpace`. Files and groups may
be links. What settings mean still holds: `task.path`, `runs_folder`, `checkpoint` and `tracking`
say what is read, written and sent, so look at them (`--cfg job`) before you run a stranger's.
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
