"""`nas front` answers budgets from a folder, as a table and as JSON, and refuses in one line."""

import json
from pathlib import Path

import pytest

from nas.results.codec import from_json
from nas.results.within import Within


def test_measured_points_within_a_budget(nas, study: Path) -> None:
    outcome = nas("front", str(study), "constraints.kv_cache_ratio=0.9")
    assert outcome.code == 0
    assert "toy within kv_cache_ratio=0.9" in outcome.out and "Measured:" in outcome.out
    assert "Patterns are predicted only inside a checkpoint that was surveyed." in outcome.out
    for trial, share in measured(nas, study, 0.9):
        assert share <= 0.9 and str(trial) in outcome.out


def measured(nas, study: Path, ratio: float) -> list[tuple[int, float]]:
    document = json.loads(nas("front", str(study), f"constraints.kv_cache_ratio={ratio}", "--json").out)
    return [(one["trial"], one["shares"]["kv_cache_bytes"]) for one in document["measured"]]


def test_a_smaller_budget_keeps_fewer(nas, study: Path) -> None:
    found = [measured(nas, study, ratio) for ratio in (1.0, 0.5)]
    assert 0 < len(found[1]) < len(found[0])


def test_the_json_is_read_back_by_its_type(nas, study: Path) -> None:
    found = from_json(nas("front", str(study), "constraints.kv_cache_ratio=0.9", "--json").out, Within)
    assert found.constraints == {"kv_cache_ratio": 0.9} and found.study == "toy"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["constraints.kv_ratio=0.3"], "Did you mean 'constraints.kv_cache_ratio'?"),
        (["constraints.kv_cache_ratio=little"], "constraints.kv_cache_ratio: must be a share of full attention"),
        (["constraints.kv_cache_ratio=3"], "constraints.kv_cache_ratio: must be above 0 and at most 1"),
        (["kv_cache_ratio=0.3"], "KEY=VALUE: must set a budget, such as constraints.kv_cache_ratio=0.3"),
        (["constraints.kv_cache_ratio=0.0001"], "constraints: no trial of toy keeps kv_cache_ratio 0.0001."),
        ([], "the following arguments are required: KEY=VALUE"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(nas, study: Path, words: list[str], said: str) -> None:
    outcome = nas("front", str(study), *words)
    assert outcome.code == 2 and said in outcome.err and outcome.err.count("\n") == 1 and not outcome.out
