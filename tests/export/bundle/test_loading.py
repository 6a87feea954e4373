"""Damaged bundles are one clear line, and nothing in them is run."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nas.cli.main import main
from nas.errors import InputError
from nas.export import FORMATS, verify_bundle


def _outcome(path: Path) -> dict:
    return json.loads((path / "verification.json").read_text())


def _changed(path: Path, **changes: Any) -> str:
    """The JSON of a file with other values at its top."""
    return json.dumps(json.loads(path.read_text()) | changes)


def _without(path: Path, name: str) -> str:
    document = json.loads(path.read_text())
    del document[name]
    return json.dumps(document)


def _deep(path: Path) -> str:
    return '{"schema": "nas.bundle/1", "x": ' + "[" * 100_000


NOT_OURS = "must hold what nas export wrote, got "
BROKEN: list[tuple[str, Callable[[Path], str] | None, str]] = [
    ("bundle.json", None, "must be a readable file, got 'No such file or directory'. Name a folder that nas export"),
    ("bundle.json", lambda _: "{", f"{NOT_OURS}'Input data was truncated'"),
    ("bundle.json", lambda _: "[]", f"{NOT_OURS}'Expected `object`, got `array`'"),
    ("bundle.json", lambda _: "{}", f"{NOT_OURS}'Object missing required field `schema`'"),
    ("bundle.json", _deep, f"{NOT_OURS}'it is nested too deeply'"),
    ("bundle.json", lambda _: '{"schema": "other"}', "schema: must be 'nas.bundle/1', got 'other'. Restore it,"),
    (
        "bundle.json",
        lambda path: _changed(path, schema="nas.bundle/2", news=1),
        "schema: must be 'nas.bundle/1', got 'nas.bundle/2'. A newer nas wrote it: upgrade nas.",
    ),
    (
        "bundle.json",
        lambda path: _changed(path, format="flexx"),
        f"format: unknown format; allowed: {', '.join(FORMATS)}, got 'flexx'. Did you mean 'flex'?",
    ),
    ("bundle.json", lambda path: _changed(path, x=1), f"{NOT_OURS}'Object contains unknown field `x`'"),
    ("bundle.json", lambda path: _without(path, "files"), f"{NOT_OURS}'Object missing required field `files`'"),
    (
        "bundle.json",
        lambda path: _changed(path, settings={"x": 1}),
        f"{NOT_OURS}'settings: Object contains unknown field `x`'",
    ),
    (
        "bundle.json",
        lambda path: _changed(path, settings={"num_tokens": "x"}),
        f"{NOT_OURS}'settings.num_tokens: Expected `int | null`, got `str`'",
    ),
    (
        "bundle.json",
        lambda path: _changed(path, settings={"num_tokens": 0}),
        f"{NOT_OURS}'settings: --tokens: must be a whole number from 1 to ",
    ),
    ("bundle.json", lambda path: _changed(path, files=["../../x"]), "files: must be attention_pattern.py, got "),
    ("pattern.json", lambda _: "{}", "pattern: must have the key 'schema'"),
    ("pattern.json", None, "must be a readable file"),
    ("provenance.json", lambda _: "{}", f"{NOT_OURS}'Object missing required field `schema`'"),
    ("provenance.json", lambda path: _changed(path, study=1), f"{NOT_OURS}'study: Expected `str`, got `int`'"),
    *(
        ("provenance.json", partial(_without, name=key), f"{NOT_OURS}'Object missing required field `{key}`'")
        for key in ("values", "step", "seeds", "cost", "made_with", "stopped_early")
    ),
    (
        "provenance.json",
        lambda path: _changed(path, made_with={"num_tokens": 96}),
        f"{NOT_OURS}'made_with: Object missing required field `seed`'",
    ),
    (
        "provenance.json",
        lambda path: _changed(path, values={"quality": float("inf")}),
        f"{NOT_OURS}'JSON is malformed: invalid character",
    ),
    (
        "provenance.json",
        lambda path: _changed(path, objectives=[{"name": "quality", "unit": "bits", "direction": "up"}]),
        f"{NOT_OURS}\"objectives[0].direction: Invalid enum value 'up'\"",
    ),
    ("attention_pattern.py", None, "must be a readable file"),
]


@pytest.mark.parametrize(("file", "content", "said"), BROKEN)
def test_a_damaged_bundle_is_one_clear_line_and_nothing_is_written(bundle, capsys, file, content, said):
    path = bundle("flex")
    before = _outcome(path)
    (path / file).unlink() if content is None else (path / file).write_text(content(path / file))
    assert main(["verify", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"flex/{file}: {said}" in error, error
    assert _outcome(path) == before


def test_bytes_that_are_no_text_and_links_are_refused(bundle, tmp_path):
    path = bundle("flex")
    (path / "attention_pattern.py").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="must be text in UTF-8"):
        verify_bundle(path)
    (path / "attention_pattern.py").unlink()
    (path / "attention_pattern.py").symlink_to(tmp_path)
    with pytest.raises(InputError, match="must be a plain file"):
        verify_bundle(path)


def test_a_folder_that_is_none(tmp_path, capsys):
    assert main(["verify", str(tmp_path / "none")]) == 2
    assert "none/bundle.json: must be a readable file" in capsys.readouterr().err
