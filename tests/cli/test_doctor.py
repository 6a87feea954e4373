import json
from pathlib import Path

import pytest


def test_json(nas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a-very-secret-key")
    outcome = nas("doctor", "--json")
    assert outcome.code == 0
    assert "a-very-secret-key" not in outcome.out
    document = json.loads(outcome.out)
    assert document["weights_and_biases"] == {"default_mode": "offline", "key_in_environment": True}
    assert document["versions"]["torch"].startswith("2.")
    assert len(document["default_corpus"]["sha256"]) == 64
    assert (Path(document["configuration"]["folder"]) / "config.yaml").is_file()


def test_for_people(nas) -> None:
    lines = nas("doctor").out.splitlines()
    assert lines[0] == "versions"
    assert any(line.split()[:3] == ["key", "in", "environment"] and line.endswith("no") for line in lines)
