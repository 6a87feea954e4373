import json
from pathlib import Path

import pytest


def test_lists_the_front_and_the_baselines(nas, study: Path) -> None:
    outcome = nas("show", str(study))
    assert outcome.code == 0
    front = json.loads((study / "front.json").read_text())
    assert "toy" in outcome.out
    assert all(str(point["trial"]) in outcome.out for point in front["points"])
    assert "full" in outcome.out


def test_json_is_the_file(nas, study: Path) -> None:
    assert nas("show", str(study), "--json").out == (study / "front.json").read_text()


def test_a_study_is_found_by_name_under_runs(nas, study: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(study.parent)
    monkeypatch.chdir(tmp_path)
    assert nas("show", "toy").out == nas("show", str(study)).out
    assert "Known under runs/: toy" in nas("show", "toys").err
