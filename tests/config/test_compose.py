"""YAML files and overrides merged into plain data."""

from pathlib import Path

import pytest

from nas.config.compose import compose_document
from nas.errors import NasError


def test_defaults_files_and_overrides_are_merged_in_this_order() -> None:
    plain, smoke, mine = (
        compose_document(words) for words in ([], ["preset=smoke"], ["preset=smoke", "++num_trials=3"])
    )
    assert plain["num_trials"] != smoke["num_trials"] != mine["num_trials"] == 3
    assert smoke | {"num_trials": 3} == mine
    assert plain["workers"] == smoke["workers"] == 0, "no file mentions it"


def test_references_are_resolved() -> None:
    assert compose_document(["++seed=7", "++study=s${seed}"])["study"] == "s7"


def test_a_folder_of_the_user_is_searched_too(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "notes.yaml").write_text("name: text\npath: notes.txt\n")
    assert compose_document(["task=notes"], tmp_path)["task"] == {"name": "text", "path": "notes.txt"}


@pytest.mark.parametrize("value", ["${oc.env:HOME}", "[1,{a:'${oc.env:HOME}'}]", "{_target_:os.system}"])
def test_a_value_that_would_run_code_is_refused_with_its_place(value: str) -> None:
    with pytest.raises(NasError, match=r"^space\.options\.x.*: (may refer to another key|must not be used)"):
        compose_document([f"++space.options.x={value}"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1\nb: 2\n", r"preset/mine\.yaml:2: must be YAML"),
        (b"a: \xff\n", r"^configuration: must be YAML files in UTF-8"),
        (b"a: " + b"[" * 2000, r"^configuration: must not be nested hundreds of levels deep"),
        (b"# @package _global_\nstudy: ${nope}\n", r"^configuration: .*nope"),
        (b"# @package _global_\ndefaults:\n  - override /task: txet\n", r"^defaults list: task: .*Did you mean 'text'"),
        (b"# @package _global_\ndefaults:\n  - /other/file\n", r"^defaults list: must name files that exist"),
    ],
)
def test_what_cannot_be_composed_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "preset").mkdir()
    (tmp_path / "preset" / "mine.yaml").write_bytes(content)
    with pytest.raises(NasError, match=message) as raised:
        compose_document(["preset=mine"], tmp_path)
    assert "\n" not in str(raised.value)
