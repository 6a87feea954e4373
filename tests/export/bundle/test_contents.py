"""The content of every bundle."""

import json

import pytest

from nas.export import FORMATS, choose_trial, export_points
from nas.patterns.file import load_pattern
from tests.supported_patterns import SETTINGS, example_point


@pytest.mark.parametrize("name", FORMATS)
def test_a_bundle_has_all_promised_files(name, tmp_path):
    point = example_point(name)
    written = export_points([point], name, tmp_path / "out", settings=SETTINGS[name])
    names = {path.name for path in written}
    assert {"README.md", "provenance.json", "pattern.json", "picture.png", "bundle.json", "verification.json"} <= names
    assert load_pattern(tmp_path / "out" / "pattern.json") == point.pattern
    assert (tmp_path / "out" / "picture.png").read_bytes().startswith(b"\x89PNG")
    bundle = json.loads((tmp_path / "out" / "bundle.json").read_text())
    assert bundle["format"] == name and set(bundle["files"]) < names | {"pattern.json"} | set(bundle["files"])
    verification = json.loads((tmp_path / "out" / "verification.json").read_text())
    assert verification["outcome"] == "equal" and verification["checks"][0]["compared"]
    readme = (tmp_path / "out" / "README.md").read_text()
    assert FORMATS[name].usage in readme and "![Which keys each query sees](picture.png)" in readme


def test_provenance_records_where_the_pattern_comes_from(front, tmp_path):
    export_points([choose_trial(front, 3)], "pattern", tmp_path)
    document = json.loads((tmp_path / "provenance.json").read_text())
    entry = front.points[0]
    assert document == {
        "schema": "nas.provenance/1",
        "study": "demo",
        "trial": 3,
        "pattern_id": entry.pattern_id,
        "baseline": None,
        "objectives": [
            {"name": "quality", "unit": "bits per byte", "direction": "minimize"},
            {"name": "flops", "unit": "FLOP", "direction": "minimize"},
        ],
        "scores": [],
        "values": entry.values,
        "step": 400,
        "stopped_early": False,
        "seeds": [0, 1],
        "spread": {"quality": 0.01},
        "cost": entry.cost.to_dict(),
        "ratio_to_full": entry.ratio_to_full,
        "made_with": {
            "versions": {"torch": "2.13.0"},
            "corpus_hash": "cd" * 32,
            "seed": 7,
            "sampler": "tpe",
            "task": "text",
            "task_fingerprint": "ab" * 32,
            "num_tokens": 256,
            "pattern_tokens": 256,
            "carry": None,
            "rungs": [100, 200, 400],
            "target": "proxy",
            "evaluation": {"name": "scratch"},
            "checkpoint_fingerprint": None,
            "task_quality": "separate",
            "extra_tasks": {},
            "environments": [],
            "machine": "x86_64",
            "tokens_per_parameter": None,
        },
    }
