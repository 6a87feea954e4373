"""`nas verify` reads a bundle back, runs nothing foreign, and records the outcome."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nas.cli.main import main
from nas.errors import ExportError
from nas.export import FORMATS, verify_bundle
from nas.export.contract.export_format import Library
from tests.supported_patterns import EXAMPLES

DAMAGE = 'raise SystemExit("foreign code ran")\n'


NOT_IN_DEV = ("deepspeed", "mlx-lm", "megatron-core", "splash")
"""Formats whose libraries the tests run without; the extra `serving` has all but DeepSpeed."""


def _outcome(path: Path) -> dict:
    return json.loads((path / "verification.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_verified_and_the_bundle_says_by_what(bundle, capsys, name):
    path = bundle(name)
    assert main(["verify", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    outcome = _outcome(path)
    assert outcome["schema"] == "nas.verification/1" and outcome["outcome"] == "equal"
    assert (outcome["format"], outcome["pattern_id"]) == (name, EXAMPLES[name].id)
    readers = [check["by"].split()[0] for check in outcome["checks"]]
    assert all(compared in said for check in outcome["checks"] for compared in check["compared"])
    library = FORMATS[name].library
    if isinstance(library, str):
        assert readers == ["nas"] and outcome["unchecked"] == library and library in said
    elif name in NOT_IN_DEV and outcome["unchecked"]:
        assert readers == ["nas"] and f"{library.package} cannot be imported" in said
    else:
        assert readers == ["nas", library.package] and outcome["unchecked"] is None


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("flex", "attention_pattern.py"),
        ("torch", "torch_attention.py"),
        ("transformers", "transformers_attention.py"),
        ("transformers", "transformers_cache.py"),
    ],
)
@pytest.mark.parametrize("place", ["start", "end"])
def test_a_module_that_is_not_ours_is_never_run(bundle, name, file, place):
    path = bundle(name)
    ours = (path / file).read_text()
    (path / file).write_text(DAMAGE + ours if place == "start" else ours + DAMAGE)
    with pytest.raises(ExportError, match=rf"{file}: is not what nas .* writes .* so it was not run"):
        verify_bundle(path)
    assert _outcome(path)["outcome"] == "different" and not _outcome(path)["checks"]


SPOILT = [
    ("transformers-config", "config_fragment.json", '"sliding_window": 6', '"sliding_window": 7'),
    ("deepspeed", "deepspeed_config.json", '"block": 16', '"block": 8'),
    ("tensorrt-llm", "tensorrt_llm.yaml", "6]", "7]"),
    ("duo-attention", "config.json", '"recent_size": 6', '"recent_size": 5'),
    ("minference", "best_pattern.json", '"stream_llm", 0, 6', '"stream_llm", 1, 6'),
]


@pytest.mark.parametrize(("name", "file", "old", "new"), SPOILT, ids=[case[0] for case in SPOILT])
def test_files_that_mean_another_mask_are_found_out(bundle, capsys, name, file, old, new):
    path = bundle(name)
    text = (path / file).read_text()
    assert old in text
    (path / file).write_text(text.replace(old, new))
    assert main(["verify", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"{name}: the mask read back differs from the pattern's in layer" in said
    assert _outcome(path)["outcome"] == "different" and _outcome(path)["different"] in said


DAMAGED = [(case[0], case[1], content) for case in SPOILT for content in ("", "{}", "[[]]", "\0")]


@pytest.mark.parametrize(("name", "file", "content"), DAMAGED)
def test_files_that_make_no_sense_are_one_clear_line(bundle, capsys, name, file, content):
    path = bundle(name)
    (path / file).write_text(content)
    assert main(["verify", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and file in said and "cannot be read by nas" in said
    assert _outcome(path)["outcome"] == "different"


@pytest.mark.parametrize("name", FORMATS)
def test_another_pattern_next_to_the_files_is_found_out(bundle, name):
    path = bundle(name)
    document = json.loads((path / "pattern.json").read_text())
    document["layers"].append(document["layers"][0])
    (path / "pattern.json").write_text(json.dumps(document))
    with pytest.raises(ExportError, match=r"pattern\.json: holds pattern .* but provenance\.json names"):
        verify_bundle(path)


def test_a_library_that_is_not_installed_is_named(bundle, monkeypatch):
    absent = replace(FORMATS["flex"], library=Library(package="somewhere", module="nowhere"))
    monkeypatch.setitem(FORMATS, "flex", absent)
    verified = verify_bundle(bundle("flex"))
    assert verified.unchecked is not None and verified.unchecked.startswith("somewhere cannot be imported")
    assert [check.by.split()[0] for check in verified.checks] == ["nas"]
