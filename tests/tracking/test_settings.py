import subprocess
import sys

import pytest

from nas.errors import InputError
from nas.report.study.record import StudyRecord
from nas.tracking.settings import TrackingSettings
from nas.tracking.wandb_tracker import WandbTracker, make_observer


def read() -> StudyRecord:
    raise AssertionError("nothing has ended")


def test_the_default_needs_no_account(monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    assert isinstance(make_observer(TrackingSettings(), read), WandbTracker)


def test_online_needs_a_key_in_the_environment(monkeypatch):
    settings = TrackingSettings(mode="online")
    monkeypatch.setenv("WANDB_API_KEY", " ")
    with pytest.raises(InputError, match=r"^tracking: online needs a key .* WANDB_API_KEY.*record offline"):
        make_observer(settings, read)
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    assert make_observer(settings, read) is not None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mode": "of-line"}, "tracking.mode: unknown mode.*Did you mean 'offline'"),
        ({"project": ""}, "tracking.project: must have 1 to 128 characters"),
        ({"project": "a/b"}, "tracking.project: must have .*, got 'a/b'"),
    ],
)
def test_what_cannot_record_is_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        TrackingSettings(**wrong)


def test_a_project_that_is_not_used_may_have_any_name():
    assert TrackingSettings(mode="none", project="").project == ""


def test_mode_none_watches_nothing():
    assert make_observer(TrackingSettings(mode="none"), read) is None


def test_the_search_never_imports_wandb():
    script = "import sys, nas.tracking.wandb_tracker, nas.tracking.rebuild; sys.exit('wandb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
