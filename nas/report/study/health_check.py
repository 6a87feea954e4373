"""One health check of a study: a question, a verdict, the figure behind it, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from nas.results.fidelity import Agreement


class Verdict(StrEnum):
    """How a check ended, as a word that a report shows."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """One check.

    Args:
        question: what was asked.
        verdict: the answer.
        figure: the figures behind it, as sentences.
        remedy: what to do about it, as sentences; empty where nothing needs to be done.
        add: settings that do it if they are added to the command that made the study, which then resumes it.
        elsewhere: settings that do it in another study.
    """

    question: str
    verdict: Verdict
    figure: str
    remedy: str = ""
    add: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def verdict_of(agreement: Agreement) -> Verdict:
    """Good if tau is above chance for sure and above a half more likely than not; bad if it may be chance."""
    if not agreement.better_than_chance:
        return Verdict.BAD
    return Verdict.GOOD if agreement.above_half >= 0.5 else Verdict.LOOK


def agreement_in_words(agreement: Agreement) -> str:
    """How well two orders agree, with the interval of tau."""
    chance = "" if agreement.better_than_chance else ", which may be chance"
    return f"the two orders agree at tau {agreement.mean:.2f} (90% {agreement.low:.2f} to {agreement.high:.2f}){chance}"
