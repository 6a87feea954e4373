import os
import resource
from dataclasses import replace

import pytest

from nas.errors import StudyError
from nas.tracking.ledger import PLACE_FILE, Ledger, recorded_place
from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings

RUN = Run(id="abc", name="00000 full", group="study", job_type="trial", config={"seed": 1})
SETTINGS = TrackingSettings()


@pytest.fixture
def written(tmp_path):
    Ledger(tmp_path, SETTINGS).add(RUN)
    return tmp_path


def test_a_recorded_run_is_known_to_the_next_process(written):
    assert Ledger(written, SETTINGS).holds(RUN)


def test_a_run_with_other_content_or_for_another_place_is_not_known(written):
    assert not Ledger(written, SETTINGS).holds(replace(RUN, config={"seed": 2}))
    assert not Ledger(written, SETTINGS).holds(replace(RUN, id="def"))
    assert not Ledger(written, TrackingSettings(project="other")).holds(RUN)
    assert not Ledger(written, SETTINGS, fresh=True).holds(RUN)


def test_where_runs_go_is_kept_for_what_is_added_later(written):
    assert recorded_place(written) == SETTINGS
    elsewhere = TrackingSettings(mode="online", project="patterns", entity="team")
    Ledger(written, elsewhere).add(RUN)
    assert recorded_place(written) == elsewhere


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"mode": "somewhere"}', '{"url": "https://example.org"}', "7", '{"entity": ["a"]}', "[" * 9999],
)
def test_a_damaged_note_of_the_place_is_none(written, content):
    (written / "wandb" / PLACE_FILE).write_text(content)
    assert recorded_place(written) is None


def test_no_place_is_known_of_what_was_not_recorded(tmp_path):
    Ledger(tmp_path, SETTINGS)
    assert recorded_place(tmp_path) is None


def test_a_line_cut_off_by_a_crash_costs_that_run_alone(written):
    path = written / "wandb" / "recorded.txt"
    path.write_text(path.read_text() + "def 0123")
    ledger = Ledger(written, SETTINGS)
    ledger.add(replace(RUN, id="ghi"))
    ledger = Ledger(written, SETTINGS)
    assert ledger.holds(RUN)
    assert ledger.holds(replace(RUN, id="ghi"))
    assert not ledger.holds(replace(RUN, id="def"))


@pytest.mark.parametrize("plant", [os.symlink, os.link])
def test_a_link_in_its_place_is_not_followed(tmp_path, plant):
    ledger = tmp_path / "study" / "wandb" / "recorded.txt"
    ledger.parent.mkdir(parents=True)
    Ledger(tmp_path, SETTINGS).add(RUN)
    mine = tmp_path / "wandb" / "recorded.txt"
    before = mine.read_text()
    plant(mine, ledger)
    planted = Ledger(tmp_path / "study", SETTINGS)
    assert not planted.holds(RUN)
    with pytest.raises(StudyError, match=r"recorded\.txt: cannot be written"):
        planted.add(RUN)
    assert mine.read_text() == before


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path):
    (tmp_path / "wandb").mkdir()
    os.mkfifo(tmp_path / "wandb" / "recorded.txt")
    ledger = Ledger(tmp_path, SETTINGS)
    with pytest.raises(StudyError, match=r"recorded\.txt: cannot be written"):
        ledger.add(RUN)


def test_a_file_that_is_too_long_is_not_read(tmp_path):
    (tmp_path / "wandb").mkdir()
    for name in ("recorded.txt", "place.json"):
        (tmp_path / "wandb" / name).touch()
        os.truncate(tmp_path / "wandb" / name, 2**40)
    ledger = Ledger(tmp_path, SETTINGS)
    with pytest.raises(StudyError, match=r"recorded\.txt: cannot be written \(longer than 67,108,864 bytes; rem"):
        ledger.add(RUN)


def test_a_disk_that_fills_up_costs_that_run_alone(written):
    path, ledger = written / "wandb" / "recorded.txt", Ledger(written, SETTINGS)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, limits[1]))
    try:
        with pytest.raises(StudyError, match=r"recorded\.txt: cannot be written \(File too large\)"):
            ledger.add(replace(RUN, id="def"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    ledger.add(replace(RUN, id="ghi"))
    again = Ledger(written, SETTINGS)
    assert [again.holds(replace(RUN, id=name)) for name in ("abc", "def", "ghi")] == [True, False, True]
