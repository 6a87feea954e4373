"""What a checkpoint scores, pattern by pattern: a file that grows, and on which whole studies are replayed in seconds.

    python benchmarks/checkpoint_table.py tables/checkpoint/smollm2.jsonl ./smollm2 evaluation=checkpoint_quick \\
        space=by_sensitivity 'space.options.num_sinks=[4]' 'space.options.recent_tokens=[16,64]'

Surveys the checkpoint, then scores the baselines and every pattern of the space in an order drawn once, so that what is
there when it is stopped is a fair sample. The same command goes on. Further words are settings of `nas search`.

The first line holds the conditions and the survey, each further one a measurement of one pattern on one task. Times are
CPU seconds of this process, which a busy machine does not change as much as it does the clock on the wall; let it have
one thread (OMP_NUM_THREADS=1).
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from nas.config.load import load_settings
from nas.errors import StudyError
from nas.patterns.model import ModelPattern
from nas.pretrained.decoder import Decoder
from nas.pretrained.surveying import go_on
from nas.proxy.member import Member
from nas.results.codec import Value, from_json, to_document
from nas.results.measurement import Measurement, Outcome
from nas.results.survey import Survey
from nas.search.executors.choose import make_setup
from nas.search.executors.jobs import Job, JobResult, Setup
from nas.search.executors.trainer import Trainer, environment
from nas.search.problem.problem import Problem, make_problem, with_survey
from nas.search.settings import StudySettings
from nas.space.enumerate import every_pattern

SCHEMA: Final = "nas.checkpoint_table/1"


class Header(Value, frozen=True, kw_only=True):
    """The first line.

    Args:
        date: when the survey ended, ISO 8601.
        environment: versions, processor and precision.
        settings: of task and evaluation, without paths.
        fingerprints: hashes of data and weights, by what they are of.
        survey: of the checkpoint.
        retrieval_seconds: CPU seconds in which retrieval heads were found.
        survey_seconds: CPU seconds of the rest of the survey.
    """

    schema: Literal["nas.checkpoint_table/1"] = SCHEMA
    date: str
    environment: str
    settings: dict[str, Any]
    fingerprints: dict[str, str]
    survey: Survey
    retrieval_seconds: float
    survey_seconds: float


class Row(Value, frozen=True, kw_only=True):
    """A pattern on a task.

    Args:
        measurement: what was scored, with the pattern's id.
        cpu_seconds: what it took.
    """

    measurement: Measurement
    cpu_seconds: float


class CheckpointTable:
    """The scores of one checkpoint on one text. What it lacks is scored when it is asked for, and kept.

    Args:
        path: the file; begun with a survey if it is not there.
        settings: of a study; their space may be any.

    Raises:
        StudyError: the file is of another checkpoint, text or length.
    """

    def __init__(self, path: Path, settings: StudySettings) -> None:
        self._path, self._settings = path, settings
        blank = make_problem(settings)
        self._setup = make_setup(settings, blank)
        self._trainer: Trainer | None = None
        if not path.exists():
            _append(path, _surveyed(settings, blank, self._setup))
        first, *lines = path.read_bytes().splitlines()
        self.header = from_json(first, Header)
        if self.header.fingerprints != blank.fingerprints:
            raise StudyError(f"{path}: is of another checkpoint, text or length. Choose another file.")
        self.problem: Problem = with_survey(blank, self.header.survey)
        rows = [from_json(line, Row) for line in lines]
        self._rows = {(row.measurement.pattern_id, row.measurement.task): row for row in rows}

    @property
    def pattern_seconds(self) -> float:
        """CPU seconds that a pattern takes on all tasks, mean over the table."""
        patterns = {pattern for pattern, _ in self._rows}
        return sum(row.cpu_seconds for row in self._rows.values()) / len(patterns)

    def measure(self, job: Job) -> JobResult:
        """The result of a job of one pattern; scored now if the table lacks it."""
        (member,) = job.members
        key = member.pattern.id_in_order, job.task
        if key not in self._rows:
            self._rows[key] = self._scored(job)
        found = replace(self._rows[key].measurement, seed=member.seed, learning_rate=member.learning_rate)
        return JobResult(job, job.signed([found], self.header.environment))

    def fill(self, patterns: Sequence[ModelPattern]) -> None:
        """Score patterns one after the other."""
        for index, pattern in enumerate(patterns):
            for task in self.problem.tasks:
                member = Member(pattern=pattern, seed=0, learning_rate=self._settings.training.learning_rate)
                self.measure(
                    Job(
                        trials=(0,),
                        folders=(self._path.parent,),
                        members=(member,),
                        task=task,
                        rung=1,
                        seed=0,
                        conditions=self._setup.conditions(task),
                    )
                )
            print(f"{index + 1} of {len(patterns)}", file=sys.stderr, flush=True)

    def _scored(self, job: Job) -> Row:
        if self._trainer is None:
            self._trainer = Trainer(self._setup, "cpu", 1)
        started = time.process_time()
        (measurement,) = self._trainer.train(job, lambda *_: None).measurements
        row = Row(measurement=measurement, cpu_seconds=time.process_time() - started)
        if measurement.outcome is not Outcome.FINISHED:
            raise StudyError(f"{self._path}: pattern {measurement.pattern_id} has no score: {measurement.reason}.")
        _append(self._path, row)
        return row


def _surveyed(settings: StudySettings, problem: Problem, setup: Setup) -> Header:
    """The first line, measured."""
    to_survey = problem.backbone.to_survey
    assert settings.checkpoint is not None and to_survey is not None, "evaluation=checkpoint surveys"
    decoder = Decoder.load(settings.checkpoint, device="cpu")
    survey, started, retrieval = to_survey.blank, time.process_time(), 0.0
    for step in go_on(survey, decoder, to_survey.tasks):
        if step.survey.retrieval and not survey.retrieval:
            retrieval = time.process_time() - started
        survey = step.survey
        print(f"{step.what}, {step.done} of {step.total}", file=sys.stderr, flush=True)
    document = settings.to_document()
    return Header(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment(setup, "cpu", 1),
        settings={
            "task": {name: value for name, value in document["task"].items() if name != "path"},
            "evaluation": document["evaluation"],
        },
        fingerprints=problem.fingerprints,
        survey=survey,
        retrieval_seconds=retrieval,
        survey_seconds=time.process_time() - started - retrieval,
    )


def _append(path: Path, line: Value) -> None:
    with path.open("ab") as file:
        file.write(msgspec.json.encode(to_document(line)) + b"\n")


def main(words: Sequence[str] | None = None) -> None:
    """Survey and score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the file")
    parser.add_argument("checkpoint", help="a folder")
    parser.add_argument("settings", nargs="*", help="settings of nas search")
    options = parser.parse_args(words)
    said = [f"checkpoint={options.checkpoint}", "tracking=none", "device=cpu", "workers=1", *options.settings]
    (settings,) = load_settings(said)
    table = CheckpointTable(options.table, settings)
    problem = table.problem
    patterns = [pattern for _, pattern in every_pattern(problem.sample, problem.shape.identity)]
    table.fill([*problem.baselines.values(), *random.Random(0).sample(patterns, len(patterns))])


if __name__ == "__main__":
    main()
