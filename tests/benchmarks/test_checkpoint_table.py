"""The table of a checkpoint's scores, on a decoder with random weights."""

from pathlib import Path

import checkpoint_table
import pytest

from nas.config.load import load_settings
from nas.errors import StudyError
from nas.results.codec import from_json
from nas.search.executors import choose
from tests.tiny_models import save_tiny_model, written_text


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "num_cores", lambda: 1)


def words(tmp_path: Path, *more: str) -> list[str]:
    model, text = save_tiny_model(tmp_path / "model"), written_text(tmp_path)
    small = ["task.num_tokens=64", "task.validation_sequences=2", "evaluation.needle_sequences=1"]
    space = ["space=head_split", "space.options.num_sinks=[1]", "space.options.recent_tokens=[4,8]"]
    where = [str(tmp_path / "table.jsonl"), str(model), "evaluation=checkpoint", f"task.path={text}"]
    return [*where, *small, *space, *more]


def test_a_table_that_was_cut_goes_on_and_ends_as_it_would_have(tmp_path: Path) -> None:
    said = words(tmp_path, "evaluation.survey_sequences=1")
    checkpoint_table.main(said)
    path = Path(said[0])
    whole = path.read_text().splitlines()
    path.write_text("\n".join(whole[:5]) + "\n")
    checkpoint_table.main(said)
    again = path.read_text().splitlines()
    assert again[:5] == whole[:5]
    assert [scores(line) for line in again[1:]] == [scores(line) for line in whole[1:]]
    assert len({pattern for pattern, _, _ in map(scores, whole[1:])}) * 2 == len(whole) - 1  # on text and on needles


def scores(line: str) -> tuple[str, str, float | None]:
    measured = from_json(line, checkpoint_table.Row).measurement
    return measured.pattern_id, measured.task, measured.quality


def test_a_table_of_other_text_is_refused(tmp_path: Path) -> None:
    checkpoint_table.main(said := words(tmp_path))
    other = [word for word in said[2:] if not word.startswith("task.validation")] + ["task.validation_sequences=3"]
    (settings,) = load_settings([f"checkpoint={said[1]}", "tracking=none", "device=cpu", "workers=1", *other])
    with pytest.raises(StudyError, match=r"table\.jsonl: is of another checkpoint, text or length"):
        checkpoint_table.CheckpointTable(Path(said[0]), settings)
