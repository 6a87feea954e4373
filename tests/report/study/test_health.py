"""The health checks of a report, together."""

from nas.report.study.health import CHECKS, health_checks
from nas.report.study.health_check import Verdict
from tests.fronts import make_front
from tests.records import make_record

GOOD, LOOK, BAD, UNKNOWN = Verdict


def test_whatever_needs_a_look_says_what_to_do():
    front = make_front(points=(), baselines=())
    for record in (make_record(), make_record(front), make_record(front, ())):
        for one in health_checks(record):
            assert one.figure and (one.remedy or one.verdict in (GOOD, UNKNOWN)), one.question
    assert len(health_checks(make_record())) == len(CHECKS)
