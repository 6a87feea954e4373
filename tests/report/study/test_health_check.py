"""What is common to health checks."""

import pytest

from nas.report.study.health_check import Verdict
from tests.fronts import make_agreement, make_fidelity, make_front
from tests.records import check_about, make_insight, make_record

GOOD, LOOK, BAD, UNKNOWN = Verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({}, GOOD), ({"above_half": 0.3}, LOOK), ({"low": -0.1}, BAD)],
)
def test_long_runs_and_predictions_are_judged_alike(changes, verdict):
    agreement = make_agreement(**changes)
    front = make_front(fidelity=make_fidelity(agreement=agreement))
    record = make_record(front, insight=make_insight(accuracy=agreement))
    assert check_about("longer runs", record).verdict is check_about("model", record).verdict is verdict
