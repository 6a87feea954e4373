"""Health checks of an ended study, in the order in which a reader needs them."""

from collections.abc import Callable

from nas.report.study.front_checks import baselines_check, confirmed_check, converged_check, edges_check
from nas.report.study.health_check import HealthCheck
from nas.report.study.record import StudyRecord
from nas.report.study.search_checks import (
    early_stopping_check,
    failures_check,
    model_check,
    saturated_check,
    worth_training_check,
)

CHECKS: tuple[Callable[[StudyRecord], HealthCheck], ...] = (
    baselines_check,
    confirmed_check,
    converged_check,
    saturated_check,
    worth_training_check,
    edges_check,
    early_stopping_check,
    model_check,
    failures_check,
)
"""Every check of a report."""


def health_checks(record: StudyRecord) -> tuple[HealthCheck, ...]:
    """Every check, in their order."""
    return tuple(check(record) for check in CHECKS)
