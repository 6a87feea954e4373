"""A study keeps its id, whatever else becomes of its folder."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from nas.errors import StudyError
from nas.results.identity import keep_identity, read_identity
from nas.results.objective import Objective
from nas.results.study import StudyReader

AXES = (Objective(name="quality", unit="bits per byte", direction="minimize"),)


def test_an_id_is_drawn_once_and_moves_with_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    study = StudyReader(tmp_path / "a")
    assert read_identity(study) is None
    kept = keep_identity(study, AXES)
    assert UUID(kept.id).version == 4 and kept.objectives == AXES
    (tmp_path / "a").rename(tmp_path / "b")
    moved = StudyReader(tmp_path / "b")
    assert read_identity(moved) == keep_identity(moved, AXES) == kept
    (tmp_path / "c").mkdir()
    assert keep_identity(StudyReader(tmp_path / "c"), AXES).id != kept.id


def test_other_objectives_are_written_down_under_the_same_id(tmp_path: Path) -> None:
    study = StudyReader(tmp_path)
    kept = keep_identity(study, AXES)
    other = keep_identity(study, (*AXES, Objective(name="flops", unit="FLOP", direction="minimize")))
    assert other.id == kept.id and read_identity(study) == other != kept


@pytest.mark.parametrize("changes", [{"id": "mine"}, {"id": "../up"}, {"objectives": []}, {"more": 1}, {"id": 7}])
def test_a_damaged_file_is_one_line(tmp_path: Path, changes: dict[str, object]) -> None:
    study = StudyReader(tmp_path)
    keep_identity(study, AXES)
    path = tmp_path / "identity.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(StudyError, match=r"identity\.json: must hold what nas search wrote there"):
        keep_identity(study, AXES)
