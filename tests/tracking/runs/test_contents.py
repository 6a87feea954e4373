"""All runs of a study."""

import dataclasses

from nas.tracking.runs.contents import all_runs


def test_every_trial_has_a_run_and_the_study_the_last_one(info, trials, record):
    runs = all_runs(info, trials, record)
    assert [run.job_type for run in runs] == ["baseline", *["trial"] * 4, "study"]
    assert len({run.id for run in runs}) == len(trials) + 1
    assert ["front" in run.tags for run in runs] == [False, True, False, False, False, False]
    assert runs[-1].summary["state"] == "ended"


def test_a_study_that_has_not_ended_has_the_run_of_one_that_runs(info, trials):
    runs = all_runs(info, trials, None)
    assert runs[-1].summary["state"] == "running"
    assert not any("front" in run.tags for run in runs)


def test_without_objectives_it_has_none_of_its_own(info, trials):
    assert len(all_runs(dataclasses.replace(info, objectives=()), trials, None)) == len(trials)
