"""The study folder: the only state a study has.

    runs/<study>/  config.yaml     what ran
                   data.json       hashes of the data and the weights that it ran on
                   study.db        Optuna's view of it, for dashboards
                   trials/00012/   ask.json, pattern.json, seed-<s>-<task>-<step>.json, trial.json
                   front.json, front.csv

`ask.json` is written before a trial is trained and `seed-<s>-<task>-<step>.json` when a rung is reached, each whole or
not at all. A resumed study runs the same loop and finds these instead of asking and training again.
"""

from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from nas.files import damage_named, read_bytes, remove_unfinished, write_json, write_text
from nas.patterns.file import load_pattern
from nas.results.codec import from_json, to_document
from nas.results.front import Front
from nas.results.measurement import Measurement, Outcome
from nas.results.proposal import Proposal
from nas.results.study import StudyReader
from nas.results.trial import Trial
from nas.search.storage.front_csv import front_csv


class StudyFolder(StudyReader):
    """Reads and writes one study folder.

    Args:
        path: the folder; need not exist yet.
    """

    @property
    def database(self) -> Path:
        """Optuna's SQLite file."""
        return self.path / "study.db"

    def has_trials(self) -> bool:
        """Whether anything was ever asked here."""
        return any(self.path.glob("trials/*/ask.json"))

    def write_settings(self, document: dict[str, Any]) -> None:
        """Keep what the study is run with."""
        write_text(self.config, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))

    def read_fingerprints(self) -> dict[str, str] | None:
        """Hashes of what the study was started on, by what they are of; None for a new one."""
        path = self.path / "data.json"
        content = read_bytes(path)
        with damage_named(path):
            fingerprints = None if content is None else from_json(content, dict[str, str])
            if fingerprints == {}:
                raise ValueError("it holds no hash")
        return fingerprints

    def write_fingerprints(self, fingerprints: dict[str, str]) -> None:
        """Keep what the study is run on."""
        write_json(self.path / "data.json", fingerprints)

    def read_proposal(self, number: int) -> Proposal | None:
        """What was proposed for a trial, or None if it was never asked."""
        path = self.trial_path(number) / "ask.json"
        content = read_bytes(path)
        if content is None:
            return None
        with damage_named(path):
            proposal = from_json(content, Proposal)
        if proposal.flaw:
            return proposal
        return replace(proposal, pattern=load_pattern(self.trial_path(number) / "pattern.json"))

    def write_proposal(self, number: int, proposal: Proposal) -> None:
        """Keep what was proposed; the pattern first, since ask.json says that all is there."""
        if proposal.pattern is not None:
            write_json(self.trial_path(number) / "pattern.json", proposal.pattern.to_dict())
        document = to_document(proposal)
        del document["pattern"]
        write_json(self.trial_path(number) / "ask.json", document)

    def read_measurement(self, number: int, seed: int, task: str, step: int) -> Measurement | None:
        """What one training run showed at a rung, or None if it did not get there."""
        path = self._measurement_path(number, seed, task, step)
        content = read_bytes(path)
        if content is None:
            return None
        with damage_named(path):
            measurement = from_json(content, Measurement)
            if (measurement.seed, measurement.step) != (seed, step):
                raise ValueError(f"seed and step must be {seed}, {step}, got {measurement.seed}, {measurement.step}")
        return measurement

    def write_measurement(self, number: int, measurement: Measurement) -> None:
        """Keep what one training run showed."""
        path = self._measurement_path(number, measurement.seed, measurement.task, measurement.step)
        write_json(path, to_document(measurement))

    def forget_out_of_memory(self) -> None:
        """Drop what ended for lack of memory, so that it is trained again: there may be more room by now."""
        for path in self.path.glob("trials/*/seed-*.json"):
            with damage_named(path):
                measured = from_json(path.read_bytes(), Measurement)
            if measured.outcome is Outcome.OUT_OF_MEMORY:
                path.with_name("trial.json").unlink(missing_ok=True)
                self.database.unlink(missing_ok=True)  # ended trials cannot be changed in it; it is made anew
                path.unlink()

    def remove_unfinished(self) -> None:
        """Remove what killed processes left half-written; no worker may be running."""
        for folder in (self.path, *self.path.glob("trials/*")):
            remove_unfinished(folder)

    def forget_checkpoints(self) -> None:
        """Drop what training runs could have gone on from."""
        for path in self.path.glob("trials/*/checkpoint-*"):
            path.unlink(missing_ok=True)

    def write_trial(self, trial: Trial) -> None:
        """Keep all that is known of a trial."""
        write_json(self.trial_path(trial.number) / "trial.json", to_document(trial))

    def write_front(self, front: Front) -> None:
        """Keep the front, as JSON and as a table."""
        write_json(self.path / "front.json", to_document(front))
        write_text(self.path / "front.csv", front_csv(front))

    def _measurement_path(self, number: int, seed: int, task: str, step: int) -> Path:
        return self.trial_path(number) / f"seed-{seed}-{task}-{step:07d}.json"
