"""The tables of the run of a study: what they hold, and how many pictures and curves at most."""

from base64 import b64decode

import pytest
from msgspec.structs import replace

from nas.report.study.health_check import HealthCheck, Verdict
from nas.results.fidelity import RungAgreement
from nas.tracking.runs import tables
from nas.tracking.runs.run import Picture
from tests.fronts import make_fidelity, make_front, make_point
from tests.records import make_record


def column(table, name: str) -> list:
    return [row[table.columns.index(name)] for row in table.rows]


def test_there_is_one_row_a_trial_with_its_parameters(trials):
    table = tables.trials_table(trials, ["quality"], frozenset({1}))
    assert column(table, "trial") == [trial.number for trial in trials]
    assert column(table, "kind") == ["baseline", "front", "other", "other", "other"]
    assert column(table, "param_layer0_window") == [None, 5, None, None, None]


def test_credentials_among_parameters_and_reasons_are_redacted(trials):
    odd = replace(trials[1], params={"api_key": "hunter2-hunter2"}, reason="password=hunter2")
    table = tables.trials_table([odd], ["quality"])
    assert column(table, "param_api_key") == ["(redacted)"]
    assert column(table, "reason") == ["password=(redacted)"]


def test_a_front_has_pictures_of_its_best_points_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "MOST_PICTURES", 2)
    front = make_front(points=tuple(make_point(number, quality=2 + number / 10) for number in (1, 2, 3)))
    table = tables.front_table(make_record(front), ["quality"], ["quality"])
    pictures = column(table, "picture")
    assert [isinstance(one, Picture) for one in pictures] == [True, True, False, False]
    assert b64decode(pictures[0].png).startswith(b"\x89PNG")
    assert column(table, "flops_ratio") == [entry.ratio("flops") for entry in (*front.points, *front.baselines)]


def test_rungs_say_how_they_agree_with_the_last_one():
    agreements = (RungAgreement(num_steps=100, num_trials=6, tau={"quality": 0.4}),)
    front = make_front(fidelity=replace(make_fidelity(), rungs=agreements))
    table = tables.rungs_table(make_record(front))
    assert column(table, "num_steps") == [100, 200, 400]
    assert column(table, "num_reached") == [2, 2, 2]
    assert column(table, "tau_quality") == [0.4, None, None]


def test_curves_are_those_of_the_search_s_own_seed(record):
    table = tables.curves_table(record)
    assert column(table, "num_steps") == [100, 200, 100, 200]
    assert len(set(column(table, "run"))) == 2


def test_long_runs_keep_what_the_search_ranked_by():
    fidelity = make_fidelity()
    table = tables.long_runs_table(make_record(make_front(fidelity=fidelity)))
    assert column(table, "long") == [one.long for one in fidelity.objectives["quality"].patterns]
    assert tables.long_runs_table(make_record()).rows == []


def test_health_checks_lose_credentials():
    check = HealthCheck(question="Is it?", verdict=Verdict.BAD, figure="at https://me:hunter2@host", remedy="Mend it.")
    table = tables.health_table([check])
    assert table.rows == [["Is it?", "bad", "at https://(redacted)@host", "Mend it."]]
