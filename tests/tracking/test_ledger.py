from dataclasses import replace

import pytest

from nas.tracking.ledger import Ledger
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


def test_a_line_cut_off_by_a_crash_costs_that_run_alone(written):
    path = written / "wandb" / "recorded.txt"
    path.write_text(path.read_text() + "def 0123")
    ledger = Ledger(written, SETTINGS)
    ledger.add(replace(RUN, id="ghi"))
    ledger = Ledger(written, SETTINGS)
    assert ledger.holds(RUN)
    assert ledger.holds(replace(RUN, id="ghi"))
    assert not ledger.holds(replace(RUN, id="def"))
