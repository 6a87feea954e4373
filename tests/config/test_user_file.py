"""One configuration file of a user, checked before Hydra composes it."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from nas.config.user_file import call_in, check_user_file
from nas.errors import NasError

GLOBAL = "# @package _global_\n"
ANCHOR, TAG, MERGE = "must not refer to an anchor", "must not hold a tag", "must not merge mappings"
CALL, CHOICES = "may refer to another key", "must be a list of names in groups"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "name: text\npath: notes.txt\n",
        f"{GLOBAL}study: s${{seed}}\nprice: cost $5 {{a}}\n",
        f"{GLOBAL}defaults:\n  - quick\n  - override /task: recall\n  - _self_\n",
        f"{GLOBAL}defaults:\n  - override /task@_global_.task: text_512\n  - override /target: null\n",
        "# @package _group_\n\n# a comment\n# @todo is no header after it\na: 1\n",
    ],
    ids=range(6),
)
def test_plain_settings_pass(file: Path, content: str) -> None:
    file.write_text(content)
    check_user_file(file)


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("a: &s3cret [1]\nb: *s3cret\n", 2, ANCHOR),
        ("a: *s3cret\n", 1, ANCHOR),
        ("a: !s3cret b\n", 1, TAG),
        ("a: !!python/object/apply:os.system [s3cret]\n", 1, TAG),
        ("a: !!python/object/apply:pathlib.Path [s3cret]\n", 1, TAG),
        ("? !!str {=: defaults}\n: [s3cret]\n", 1, TAG),
        ("<<: {defaults: [s3cret]}\n", 1, MERGE),
        ("a:\n  - ${oc.env:HOME,s3cret}\n", 2, CALL),
        ('a: "\\x24{oc.env:HOME}"\n', 1, CALL),
        ("${env:HOME}: a\n", 1, CALL),
        ("a: ${oc.decode:${b}}\n", 1, CALL),
        ("a: ${${b}}\n", 1, CALL),
        ("a: '${'\nb: 'oc.env:HOME}'\nc: ${a}${b}\n", 1, CALL),
        ("a: '" + "${" * 2**14 + "'\n", 1, CALL),
        ("a: 1\ndefaults:\n  - override /task: ${oc.env:HOME}\n", 3, CALL),
        ("defaults:\n  - ${oc.env:HOME}\n", 2, CALL),
        ("defaults:\n  - quick\n  - override /task: ../../s3cret\n", 3, CHOICES),
        ("defaults:\n  - override /task: sub/s3cret\n", 2, CHOICES),
        ("defaults:\n  - /s3cret/file@task\n", 2, CHOICES),
        ("defaults:\n  - task: s3cret\n", 2, CHOICES),
        ("defaults:\n  - override /hydra/launcher: s3cret\n", 2, CHOICES),
        ("defaults:\n  - override /task@hydra.job: recall\n", 2, CHOICES),
        ("defaults:\n  - override /task: [s3cret]\n", 2, CHOICES),
        ("defaults:\n  - {}\n", 2, CHOICES),
        ("defaults: s3cret\n", 1, CHOICES),
        ("defaults:\n  s3cret: 1\n", 2, CHOICES),
        ("a: 1\nhydra:\n  run: {dir: s3cret}\n", 2, "must not set Hydra itself"),
        ("# @package hydra.callbacks\na: 1\n", 1, "must be '# @package _global_'"),
        ("\n# @package a s3cret\n", 2, "must be '# @package _global_'"),
        ("# @package\t_global_\n", 1, "must be '# @package _global_'"),
        ("#@s3cret\n", 1, "must be '# @package _global_'"),
        ("- s3cret\n", None, "must be a mapping of keys to values, got 'a sequence'"),
        ("-----BEGIN s3cret KEY-----\n", None, "must be a mapping of keys to values, got 'a scalar'"),
        ("a: " + "[" * 2000, None, "must not be nested hundreds of levels deep"),
        ("#" * 2**16 + "\n", None, "must be at most 65,536 bytes long, got 65537"),
    ],
)  # fmt: skip
def test_whatever_could_be_more_is_refused_with_its_line_and_not_repeated(
    file: Path, content: str, line: int | None, message: str
) -> None:
    file.write_text(content)
    with pytest.raises(NasError) as raised:
        check_user_file(file)
    assert str(raised.value).startswith(f"{file}:{line}: {message}" if line else f"{file}: {message}")
    assert "s3cret" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"\xff: [", b"a: [1\nb: 2\n", b"a: 'x\n"])
def test_what_cannot_be_read_is_reported_when_it_is_chosen(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    check_user_file(file)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(["${", "}", "$", "{", "oc.env", ":", "X", ".", "[0]", " ", "\\", "a"])).map("".join))
def test_no_resolver_is_called_for_a_text_without_a_call(text: str) -> None:
    """OmegaConf resolves `oc.env` to a variable that is set; a text that could do so holds a call."""
    os.environ["X"] = "s3cret"
    try:
        shown = str(OmegaConf.create({"a": 1, "text": text}).text)
    except Exception:  # no such key, or no such grammar
        shown = ""
    finally:
        del os.environ["X"]
    assert "s3cret" not in shown or call_in(text)


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("s${seed}-${task.name}${a[0]}", ""),
        ("cost $5 {a}: b}", ""),
        ("a ${oc.env:HOME}", "${oc.env:"),
        ("${a}${b:", "${b:"),
        ("${${a}}", "${"),
    ],
)
def test_the_call_is_named_without_its_arguments(text: str, call: str) -> None:
    assert call_in(text) == call
