"""The page of a study: what its templates are given, and the HTML that they make of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from nas.patterns.label import label as pattern_label
from nas.patterns.label import label_note
from nas.report.fidelity import fidelity_lines
from nas.report.objective_labels import label
from nas.report.page.chart import Chart
from nas.report.page.charts import curve_charts, fidelity_chart, prediction_chart, survey_chart, volume_charts
from nas.report.page.environment import TEMPLATES, content_policy, own_file, page_environment
from nas.report.page.front_plot import front_plot
from nas.report.page.masks import PatternPicture, pattern_picture
from nas.report.quantities import format_probability, format_quantity
from nas.report.study.commands import Command, entry_commands
from nas.report.study.health import health_checks
from nas.report.study.history import rung_counts, volume_steps
from nas.report.study.lengths import LengthCost, costs_by_length, counted_as
from nas.report.study.record import StudyRecord
from nas.report.study.summary import summarised
from nas.report.study.verdict import worth_in_words
from nas.results.front import FrontEntry
from nas.results.trial import Trial, TrialState

SCRIPT, STYLE = TEMPLATES / "report.js", TEMPLATES / "report.css"
MOST_EFFECTS = 12
"""Parameters that the page shows, the most important ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of a card: what it is, and its value in words."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the page says of one trial.

    Args:
        trial: its number.
        title: what it is called.
        state: what became of it, in words.
        label: the label of its pattern; empty if it has none.
        trained_label: that of what was trained in its place; empty if that is the pattern itself.
        facts: its values.
        picture: its pattern; None for all but the front and the baselines.
        curve: how its quality went with training.
        lengths: what it costs at several lengths.
        commands: what to do with it.
    """

    trial: int
    title: str
    state: str
    label: str
    trained_label: str
    facts: tuple[Fact, ...]
    picture: PatternPicture | None = None
    curve: Chart | None = None
    lengths: tuple[LengthCost, ...] = ()
    commands: tuple[Command, ...] = ()


def report_html(record: StudyRecord) -> str:
    """The page of a study: one file that needs no network.

    Everything in it that comes from the study is escaped, and the page lets no script run but its own.

    Args:
        record: the study.
    """
    script, style = own_file(SCRIPT), own_file(STYLE)
    checks = health_checks(record)
    rungs = record.front.provenance.rungs
    steps = volume_steps(record.front, record.trials)
    stopped = [trial for trial in record.trials if trial.state is TrialState.STOPPED and trial.pattern]
    return (
        page_environment()
        .get_template("report.html")
        .render(
            record=record,
            front=record.front,
            summary=summarised(record, checks),
            checks=checks,
            plot=front_plot(record),
            cards=tuple(_cards(record)),
            volume_charts=volume_charts(steps, len(record.trials) - record.num_sampled),
            label_note=label_note(entry.pattern for entry in (*record.points, *record.front.other_baselines)),
            rungs=rung_counts(record.trials, rungs),
            stopped=stopped,
            fidelity_lines=fidelity_lines(record.front),
            fidelity_chart=fidelity_chart(record),
            effects=[one for one in record.insight.effects if one.share > 0][:MOST_EFFECTS],
            prediction_chart=prediction_chart(record),
            survey_chart=survey_chart(record),
            script=script,
            style=style,
            policy=report_policy(),
        )
    )


def report_policy() -> str:
    """The content security policy of the page."""
    return content_policy(own_file(SCRIPT), "form-action 'none'")


def _cards(record: StudyRecord) -> Iterator[Card]:
    """A card for every trial: points first, then baselines, then the others."""
    curves = curve_charts(record, list(record.entries))
    on_front = {point.trial for point in record.points}
    entries = sorted(record.entries.values(), key=lambda entry: entry.trial not in on_front)
    for entry in entries:
        state = "on the front" if entry.trial in on_front else "baseline, not on the front"
        yield _entry_card(record, entry, state, curves.get(entry.trial))
    for trial in record.trials:
        if trial.number not in record.entries:
            yield _other_card(record, trial)


def _entry_card(record: StudyRecord, entry: FrontEntry, state: str, curve: Chart | None) -> Card:
    provenance = record.front.provenance
    trained = entry.proxy_pattern or entry.pattern
    return Card(
        trial=entry.trial,
        title=f"Trial {entry.trial}" + (f", {entry.baseline}" if entry.baseline else ""),
        state=state,
        label=pattern_label(entry.pattern),
        trained_label=pattern_label(entry.proxy_pattern) if entry.proxy_pattern else "",
        facts=tuple(_entry_facts(record, entry)),
        picture=pattern_picture(trained, provenance.num_tokens),
        curve=curve,
        lengths=_lengths(record, entry),
        commands=entry_commands(record, entry),
    )


def _lengths(record: StudyRecord, entry: FrontEntry) -> tuple[LengthCost, ...]:
    """What an entry costs at other lengths; empty if the study counted for a model that is not known here."""
    provenance = record.front.provenance
    found = costs_by_length(entry.pattern, provenance.pattern_tokens, provenance.carry, record.target)
    return found if counted_as(found, provenance.pattern_tokens, entry.ratio_to_full) else ()


def _entry_facts(record: StudyRecord, entry: FrontEntry) -> Iterator[Fact]:
    for objective in record.front.objectives:
        yield Fact(name=label(objective.name), value=worth_in_words(entry, objective))
        if objective.name in entry.estimates and objective.name in entry.values:
            yield Fact(name="as measured", value=f"{entry.values[objective.name]:.3f} {objective.unit}")
    if entry.front_probability is not None:
        yield Fact(name="on the front", value=f"with a probability of {format_probability(entry.front_probability)}")
    yield Fact(name="seeds", value=", ".join(map(str, entry.seeds)) or "none")
    for score in record.front.further_scores:
        if score.name in entry.scores:
            yield Fact(name=label(score.name), value=f"{entry.scores[score.name]:.3f} {score.unit}")
    for name, gain in entry.gain_of_last_rung.items():
        if name == record.insight.score:
            yield Fact(name="gain of the last rung", value=f"{gain:.3f} {record.insight.unit}")


def _other_card(record: StudyRecord, trial: Trial) -> Card:
    return Card(
        trial=trial.number,
        title=f"Trial {trial.number}" + (f", {trial.baseline}" if trial.baseline else ""),
        state=_state(trial),
        label=pattern_label(trial.pattern) if trial.pattern else "",
        trained_label=pattern_label(trial.proxy_pattern) if trial.proxy_pattern else "",
        facts=tuple(_trial_facts(record, trial)),
    )


def _trial_facts(record: StudyRecord, trial: Trial) -> Iterator[Fact]:
    values = trial.costs | trial.values
    for objective in record.front.objectives:
        if objective.name in values:
            where = f" at {trial.step:,} steps" if not objective.is_cost and trial.state is TrialState.STOPPED else ""
            yield Fact(
                name=label(objective.name) + where, value=format_quantity(values[objective.name], objective.unit)
            )
    if record.is_forecast and trial.number in record.insight.forecasts:
        forecast = record.insight.forecasts[trial.number]
        yield Fact(name="forecast of the last rung", value=f"{forecast:.3f} {record.insight.unit}")
    chance = next((one.front_probability for one in record.front.contenders if one.trial == trial.number), None)
    if chance is not None:
        yield Fact(name="on the front", value=f"with a probability of {format_probability(chance)}")


def _state(trial: Trial) -> str:
    """What became of a trial, in words."""
    if trial.state is TrialState.FINISHED:
        return "finished, not on the front"
    if trial.state is TrialState.STOPPED:
        return f"stopped at {trial.step:,} steps"
    state = trial.state.value.replace("_", " ")
    return f"{state}: {trial.reason}" if trial.reason else state
