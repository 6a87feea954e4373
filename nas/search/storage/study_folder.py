"""The study folder: the only state of a study.

    runs/<study>/  config.yaml     the settings
                   data.json       hashes of the data and of the pretrained weights
                   survey.json     what narrow masks do to the layers and heads of a checkpoint
                   identity.json   its id in databases, and its objectives
                   study.db        Optuna's view of it, for dashboards
                   lock, lease/    who drives it
                   decisions.jsonl what the scheduler decided
                   trials/00012/   ask.json, pattern.json, profile.json, seed-<s>-<task>-<step>.json, trial.json,
                                   failure.txt
                   front.json, front.csv

`ask.json` is written before a trial is trained and `seed-<s>-<task>-<step>.json` when a rung is reached, each
atomically. A resumed study runs the same loop and finds these instead of asking and training again.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from nas.files import damage_named, read_bytes, remove_unfinished, write_json, write_text
from nas.patterns.file import load_pattern
from nas.patterns.label import label
from nas.results.codec import from_json, to_document
from nas.results.front import Front, FrontPoint
from nas.results.measurement import Measurement, Outcome
from nas.results.profile import Profile
from nas.results.proposal import Proposal
from nas.results.study import StudyReader
from nas.results.trial import Trial, TrialState
from nas.search.storage.decision_file import DecisionFile


class StudyFolder(StudyReader):
    """Reads and writes one study folder.

    Args:
        path: the folder; need not exist yet.
        check: called before everything that is written or deleted; raises if the study is no longer this driver's.
    """

    def __init__(self, path: Path, check: Callable[[], None] = lambda: None) -> None:
        super().__init__(path)
        self.check = check
        self.decisions = DecisionFile(path / "decisions.jsonl", check)

    @property
    def database(self) -> Path:
        """Optuna's SQLite file."""
        return self.path / "study.db"

    def num_proposals(self) -> int:
        """How many trials were proposed here, baselines included."""
        return sum(1 for _ in self.path.glob("trials/*/ask.json"))

    def write_settings(self, document: dict[str, Any]) -> None:
        """Keep the settings of the study."""
        self._write_text(self.config, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))

    def read_fingerprints(self) -> dict[str, str] | None:
        """Hashes of the data that the study was started on, by what they are of; None for a new study."""
        path = self.path / "data.json"
        content = read_bytes(path)
        with damage_named(path):
            fingerprints = None if content is None else from_json(content, dict[str, str])
            if fingerprints == {}:
                raise ValueError("it holds no hash")
        return fingerprints

    def write_fingerprints(self, fingerprints: dict[str, str]) -> None:
        """Keep the hashes of the data that the study is run on."""
        self._write_json(self.path / "data.json", fingerprints)

    def read_proposal(self, number: int) -> Proposal | None:
        """The proposal of a trial, or None if there is none yet."""
        proposal = self.read_suggested(number)
        if proposal is None or proposal.flaw or proposal.failure:
            return proposal
        return replace(proposal, pattern=load_pattern(self.trial_path(number) / "pattern.json"))

    def read_suggested(self, number: int) -> Proposal | None:
        """The proposal of a trial without its pattern, or None if there is none yet."""
        return self._files.read(self.trial_path(number) / "ask.json", Proposal)

    def write_proposal(self, number: int, proposal: Proposal) -> None:
        """Keep a proposal; the pattern first, since ask.json marks it as complete."""
        if proposal.pattern is not None:
            self._write_json(self.trial_path(number) / "pattern.json", proposal.pattern.to_dict())
        document = to_document(proposal)
        del document["pattern"]
        self._write_json(self.trial_path(number) / "ask.json", document)

    def read_profile(self, number: int) -> Profile | None:
        """What a trial takes on the device, or None if that was not measured."""
        return self._files.read(self._profile_path(number), Profile)

    def write_profile(self, number: int, profile: Profile) -> None:
        """Keep what a trial takes on the device."""
        self._write_value(self._profile_path(number), profile)

    def read_measurement(self, number: int, seed: int, task: str, step: int) -> Measurement | None:
        """The measurement of one training run at a rung, or None if it did not get there."""
        path = self._measurement_path(number, seed, task, step)
        measurement = self._files.read(path, Measurement)
        if measurement is not None and (measurement.seed, measurement.step) != (seed, step):
            with damage_named(path):
                raise ValueError(f"seed and step must be {seed}, {step}, got {measurement.seed}, {measurement.step}")
        return measurement

    def write_measurement(self, number: int, measurement: Measurement) -> None:
        """Keep the measurement of one training run."""
        path = self._measurement_path(number, measurement.seed, measurement.task, measurement.step)
        self._write_value(path, measurement)

    def forget_failures(self) -> None:
        """Delete what failed or ran out of memory, so that it is tried again.

        By now the code may be mended, and there may be more memory.
        """
        self.check()
        for path in self.path.glob("trials/*/seed-*.json"):
            measured = self._files.read(path, Measurement)
            if measured is not None and measured.outcome in (Outcome.OUT_OF_MEMORY, Outcome.FAILED):
                self._forget(path)
        for path in self.path.glob("trials/*/ask.json"):
            proposal = self._files.read(path, Proposal)
            if proposal is not None and proposal.failure:
                self._forget(path)
        for path in self.path.glob("trials/*/trial.json"):  # what could not be measured on the device has only this
            trial = self._files.read(path, Trial)
            if trial is not None and trial.state in (TrialState.OUT_OF_MEMORY, TrialState.FAILED):
                path.with_name("failure.txt").unlink(missing_ok=True)
                path.unlink()

    def remove_unfinished(self) -> None:
        """Remove what killed processes left half-written; no worker may be running."""
        self.check()
        for folder in (self.path, *self.path.glob("trials/*")):
            remove_unfinished(folder)

    def forget_checkpoints(self) -> None:
        """Delete the checkpoints of all training runs."""
        self.check()
        for path in self.path.glob("trials/*/checkpoint-*"):
            path.unlink(missing_ok=True)

    def write_failure(self, number: int, text: str) -> None:
        """Keep how a trial failed, for people to read."""
        self._write_text(self.trial_path(number) / "failure.txt", text)

    def write_trial(self, trial: Trial) -> None:
        """Keep everything known of a trial."""
        self._write_value(self.trial_path(trial.number) / "trial.json", trial)

    def write_front(self, front: Front) -> None:
        """Keep the front, as JSON and as a table for spreadsheets."""
        self._write_json(self.path / "front.json", to_document(front))
        self._write_text(self.path / "front.csv", _table(front))

    def _write_value(self, path: Path, value: Any) -> None:
        self._write_json(path, to_document(value))
        self._files.wrote(path, value)

    def _write_text(self, path: Path, text: str) -> None:
        self.check()
        write_text(path, text)

    def _write_json(self, path: Path, document: Any) -> None:
        self.check()
        write_json(path, document)

    def _forget(self, path: Path) -> None:
        """Delete the file of a failure and what follows from it; the file last, so that a crash leaves no half."""
        for name in ("trial.json", "failure.txt"):
            path.with_name(name).unlink(missing_ok=True)
        path.unlink()

    def _profile_path(self, number: int) -> Path:
        return self.trial_path(number) / "profile.json"

    def _measurement_path(self, number: int, seed: int, task: str, step: int) -> Path:
        return self.trial_path(number) / f"seed-{seed}-{task}-{step:07d}.json"


def _table(front: Front) -> str:
    """front.csv: a row per point, best quality first."""
    names = [objective.name for objective in front.objectives]
    further = [score.name for score in front.further_scores]
    scores = [score.name for score in front.scores]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    spreads = [f"{name}_spread" for name in scores]
    known = [f"{name}_{part}" for name in scores for part in ("estimate", "estimate_deviation")]
    writer.writerow(["trial", "baseline", "pattern_id", "label", *names, *further, *known, *spreads, "num_seeds"])
    writer.writerows(_row(point, names, further, scores) for point in front.points)
    return text.getvalue()


def _row(point: FrontPoint, names: list[str], further: list[str], scores: list[str]) -> list[object]:
    return [
        point.trial,
        point.baseline or "",
        point.pattern_id,
        label(point.pattern),
        *(point.values[name] for name in names),
        *(point.scores.get(name) for name in further),
        *(part for name in scores for part in _estimate(point, name)),
        *(point.spread.get(name) for name in scores),
        len(point.seeds),
    ]


def _estimate(point: FrontPoint, name: str) -> tuple[float | None, float | None]:
    """Mean and standard deviation of an estimate."""
    known = point.estimates.get(name)
    return (known.mean, known.standard_deviation) if known else (None, None)
