"""The benchmark that judges a front on another text than it was searched on."""

from pathlib import Path

import other_text
import pytest

from nas.config.load import load_settings
from nas.search.study import run_study
from tests.tiny_models import save_tiny_model, written_text


def table(said: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines() if line.startswith("|")]


def test_a_front_is_scored_again_where_it_was_and_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On its own text the scores are those of the study, and the order is the same."""
    model, text = save_tiny_model(tmp_path / "model"), written_text(tmp_path)
    small = ["task.num_tokens=64", "task.validation_sequences=2", "evaluation.needle_sequences=1"]
    where = [f"checkpoint={model}", f"task.path={text}", f"study={tmp_path / 'study'}", "tracking=none"]
    words = ["evaluation=checkpoint", "evaluation.survey_sequences=0", "space=head_split", *where, *small]
    (settings,) = load_settings([*words, "num_trials=3", "workers=1", "device=cpu"])
    front = run_study(settings)
    capsys.readouterr()
    other_text.main([str(tmp_path / "study"), str(text)])
    said = capsys.readouterr().out
    _, _, *rows = table(said)
    assert len(rows) == len(front.baselines) + sum(point.baseline is None for point in front.points)
    assert all(row[2] == row[3] and row[4] == row[5] and row[6] == row[7] for row in rows)
    assert f"Kendall's tau of {len(rows)} patterns in quality_text: 1.00" in said
    elsewhere = tmp_path / "other.txt"
    elsewhere.write_text(text.read_text().upper())
    other_text.main([str(tmp_path / "study"), str(elsewhere)])
    _, _, *rows = table(capsys.readouterr().out)
    assert any(row[2] != row[3] for row in rows)
