import dataclasses
import json

from msgspec.structs import replace

from nas.patterns.label import label
from nas.results.codec import to_document
from nas.results.observer import Progress
from nas.tracking import recorder
from nas.tracking.settings import TrackingSettings
from nas.tracking.wandb_tracker import WandbTracker


def test_a_study_is_recorded_as_it_goes_and_a_resumed_one_only_what_is_new(
    info, plan, trials, record, read_runs, monkeypatch, caplog
):
    one_seed = replace(trials[1], measurements=trials[1].measurements[:1])
    tracker = WandbTracker(TrackingSettings(), lambda: record)
    tracker.study_started(info, plan, ())
    for trial in (trials[0], one_seed):
        tracker.training_progressed(Progress(trial.number, "text", 100, 200))
        tracker.trial_finished(trial)
    tracker.study_finished(trials, record.front)  # by now trial 1 was trained with a second seed
    written = read_runs(info.folder)  # fails if a run is there twice
    assert len(written) == len(trials) + 1
    assert written[f"00001 {label(trials[1].pattern)}"].summary["seeds"] == [0, 1]

    (info.folder / "front.json").write_text(json.dumps(to_document(record.front)))
    monkeypatch.setattr(recorder, "Child", None)  # whoever records anything now fails
    longer = dataclasses.replace(info, settings=info.settings | {"num_trials": info.settings["num_trials"] + 10})
    resumed = WandbTracker(TrackingSettings(), lambda: record)
    resumed.study_started(longer, plan, trials)
    resumed.study_finished(trials, record.front)
    assert not caplog.records
