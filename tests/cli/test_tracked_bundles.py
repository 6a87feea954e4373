"""What `nas export` does for a study that is tracked."""

import json
from pathlib import Path
from shutil import copytree

import pytest

from nas.results.kept_bundle import kept_bundles
from nas.results.lock import locked
from nas.tracking.ledger import Ledger, recorded_place
from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings
from tests.cli.test_track import content, runs_in

RUN = Run(id="abc", name="00000 full", group="toy", job_type="trial", config={})


@pytest.fixture
def own(study: Path, tmp_path: Path) -> Path:
    """A copy of the study, which nothing has recorded."""
    path = tmp_path / "runs" / "toy"
    copytree(study, path, ignore=lambda _, names: {"wandb", "exports"} & set(names))
    return path


def exported(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_a_study_that_is_not_tracked_is_only_read(nas, own: Path, tmp_path: Path) -> None:
    assert nas("export", str(own), "--format", "pattern", "--out", str(tmp_path / "out")).err == ""
    assert not (own / "exports").exists() and not (own / "wandb").exists()


@pytest.mark.slow
def test_an_export_is_added_to_the_run_of_the_study_and_rebuilt_with_it(nas, own: Path, tmp_path: Path) -> None:
    assert nas("track", str(own), "--project", "patterns").code == 0
    before = runs_in(own)
    outcome = nas("export", str(own), "--trial", "0", "--format", "flex", "--out", str(tmp_path / "out"))
    assert (outcome.code, outcome.err) == (0, "")
    after = {name: content(one) for name, one in runs_in(own).items()}
    name = json.loads((own / "front.json").read_text())["study"]
    changed = [each for each, one in before.items() if content(one) != after[each]]
    assert changed == [name], "the trials are left as they were"
    [bundle] = [one for one in after[name]["artifacts"] if "bundle" in one]
    assert bundle.endswith("-bundle-00000-flex")
    assert after[name]["artifacts"][bundle].keys() == exported(tmp_path / "out").keys()
    assert runs_in(own)[name].run.project == "patterns", "it goes where the study went"

    assert nas("track", str(own), "--project", "patterns").code == 0
    assert {each: content(one) for each, one in runs_in(own).items()} == after


def test_a_later_export_in_the_format_takes_the_place_of_the_earlier(nas, own: Path, tmp_path: Path) -> None:
    Ledger(own, TrackingSettings(mode="online")).add(RUN)
    for out, tokens in (("one", "64"), ("two", "128")):
        words = ("--trial", "0", "--format", "splash", "--tokens", tokens, "--out", str(tmp_path / out))
        assert nas("export", str(own), *words).code == 0
    [kept] = kept_bundles(own)
    assert kept.files == exported(tmp_path / "two") != exported(tmp_path / "one")


def test_nothing_is_sent_unasked(nas, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder from a stranger may say that it was recorded with the stranger's team."""
    monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
    monkeypatch.setattr("nas.tracking.child.Child.record", lambda *_: pytest.fail("it was sent"))
    Ledger(own, TrackingSettings(mode="online", project="theirs", entity="them")).add(RUN)
    outcome = nas("export", str(own), "--front", "--format", "pattern", "--out", str(tmp_path / "out"))
    command = f"nas track {own} --mode online --project theirs --entity them"
    assert (outcome.code, outcome.err) == (0, f"W&B gets this with: {command}\n")
    assert len(kept_bundles(own)) == len(list((tmp_path / "out").iterdir()))


def test_an_export_is_done_even_if_it_cannot_be_recorded(nas, own: Path, tmp_path: Path) -> None:
    Ledger(own, TrackingSettings()).add(RUN)
    with locked(own):
        outcome = nas("export", str(own), "--format", "pattern", "--out", str(tmp_path / "out"))
    assert outcome.code == 0 and (tmp_path / "out" / "bundle.json").is_file()
    [line] = outcome.err.splitlines()
    assert line.startswith("W&B has not recorded this export (") and line.endswith(f"Try: nas track {own}")
    assert len(kept_bundles(own)) == 1, "the search that is running records it at its end"
    assert recorded_place(own) == TrackingSettings()
