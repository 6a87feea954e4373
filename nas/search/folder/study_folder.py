"""The study folder: the only state a study has.

    runs/<study>/  config.yaml     what ran
                   data.json       hashes of the data and the weights that it ran on
                   study.db        Optuna's view of it, for dashboards
                   trials/00012/   ask.json, pattern.json, seed-<s>-<task>-<step>.json, trial.json
                   front.json, front.csv

`ask.json` is written before a trial is trained and `seed-<s>-<task>-<step>.json` when a rung is reached, each whole or
not at all. A resumed study runs the same loop and finds these instead of asking and training again.
"""

import csv
import fcntl
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import yaml

from nas.errors import InputError, StudyError
from nas.files import damage_named, read_json, write_json, write_text
from nas.patterns.file import load_pattern, parse_pattern
from nas.results.measurement import Measurement, Outcome
from nas.results.trial import Trial
from nas.search.front import SCHEMA, further_scores
from nas.search.samplers.asking import Suggestion
from nas.search.samplers.proposal import Proposal

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def study_path(study: str, runs_folder: str = "runs") -> Path:
    """The folder of a study, given by name or by path.

    Raises:
        InputError: neither a name nor a path.
    """
    if os.sep in study or study.startswith("~"):
        return _expanded(study)
    if not _NAME.fullmatch(study):
        allowed = "must be a name of letters, digits, '.', '_' and '-', or a path"
        raise InputError("study", allowed, study)
    return Path(runs_folder) / study


def _expanded(study: str) -> Path:
    try:
        path = Path(study).expanduser()
    except RuntimeError:
        raise InputError("study", "must start with the home of a user that there is", study) from None
    # Folder and study share their name, so it must be in the path itself.
    if Path(study).name in ("", "..") or "\0" in study or not study.isprintable():
        raise InputError("study", "must be a path that ends in the study's own name", study)
    return path


class StudyFolder:
    """Reads and writes one study folder.

    Args:
        path: where it lies; need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def existing(cls, study: str, runs_folder: str = "runs") -> "StudyFolder":
        """The folder of a study that was started before.

        Raises:
            StudyError: there is none.
        """
        folder = cls(study_path(study, runs_folder))
        if not folder._config.is_file():
            near = sorted(path.parent.name for path in Path(runs_folder).glob("*/config.yaml"))
            known = f"Known under {runs_folder}/: {', '.join(near)}." if near else "Start one with nas search."
            raise StudyError(f"study: must be a study that was started, got {study!r}. {known}")
        return folder

    @property
    def database(self) -> Path:
        """Optuna's SQLite file."""
        return self.path / "study.db"

    @property
    def _config(self) -> Path:
        return self.path / "config.yaml"

    def trial_path(self, number: int) -> Path:
        """The folder of one trial."""
        return self.path / "trials" / f"{number:05d}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other drivers out; the system lets go of the lock however this process ends.

        Raises:
            StudyError: another driver is at work, or the folder cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            allowed = "must be a folder that can be written"
            raise StudyError(f"study: {allowed}, got {self.path} ({error.strerror}).") from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                owner = file.read().strip() or "unknown"
                raise StudyError(
                    f"study: {self.path} is being driven by process {owner}. Wait for it, or choose another study=NAME."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def has_trials(self) -> bool:
        """Whether anything was ever asked here."""
        return any(self.path.glob("trials/*/ask.json"))

    def has_front(self) -> bool:
        """Whether the study ended here before."""
        return (self.path / "front.json").is_file()

    def settings_document(self) -> dict[str, Any] | None:
        """What the study was started with (see `settings_document.py`), or None for a new one."""
        if not self._config.exists():
            return None
        try:
            with damage_named(self._config):
                text = self._config.read_text(encoding="utf-8")
            document = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise StudyError(f"{self._config}: must hold YAML, got {str(error).splitlines()[0]!r}.") from None
        if not isinstance(document, dict):
            raise StudyError(f"{self._config}: must hold the settings of a study, got {type(document).__name__}.")
        return document

    def write_settings(self, document: dict[str, Any]) -> None:
        """Keep what the study is run with."""
        write_text(self._config, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))

    def read_fingerprints(self) -> dict[str, str] | None:
        """Hashes of what the study was started on, by what they are of; None for a new one."""
        path = self.path / "data.json"
        document = read_json(path)
        with damage_named(path):
            if document == {}:
                raise ValueError("it holds no hash")
            return None if document is None else {name: str(value) for name, value in document.items()}

    def write_fingerprints(self, fingerprints: dict[str, str]) -> None:
        """Keep what the study is run on."""
        write_json(self.path / "data.json", fingerprints)

    def read_proposal(self, number: int) -> Proposal | None:
        """What was proposed for a trial, or None if it was never asked."""
        path = self.trial_path(number) / "ask.json"
        document = read_json(path)
        if document is None:
            return None
        with damage_named(path):
            suggestion = Suggestion(**document["suggestion"])
            flawed = bool(document["flaw"])
            proposal = Proposal(**{**document, "suggestion": suggestion, "pattern": None})
        if flawed:
            return proposal
        return replace(proposal, pattern=load_pattern(self.trial_path(number) / "pattern.json"))

    def write_proposal(self, number: int, proposal: Proposal) -> None:
        """Keep what was proposed; the pattern first, since ask.json says that all is there."""
        if proposal.pattern is not None:
            write_json(self.trial_path(number) / "pattern.json", proposal.pattern.to_dict())
        document = {
            "suggestion": asdict(proposal.suggestion),
            "chosen": proposal.chosen,
            "flaw": proposal.flaw,
            "baseline": proposal.baseline,
        }
        write_json(self.trial_path(number) / "ask.json", document)

    def read_measurement(self, number: int, seed: int, task: str, step: int) -> Measurement | None:
        """What one training showed at a rung, or None if it did not get there."""
        path = self._measurement_path(number, seed, task, step)
        document = read_json(path)
        with damage_named(path):
            measurement = Measurement.from_dict(document) if document is not None else None
            if measurement is not None and (measurement.seed, measurement.step) != (seed, step):
                raise ValueError(f"seed and step must be {seed}, {step}, got {measurement.seed}, {measurement.step}")
        return measurement

    def forget_out_of_memory(self) -> None:
        """Drop what ended for lack of memory, so that it is trained again: there may be more room by now."""
        for path in self.path.glob("trials/*/seed-*.json"):
            document: Any = read_json(path)
            with damage_named(path):
                lacked_memory = document["outcome"] == Outcome.OUT_OF_MEMORY
            if lacked_memory:
                path.with_name("trial.json").unlink(missing_ok=True)
                self.database.unlink(missing_ok=True)  # ended trials cannot be changed in it; it is made anew
                path.unlink()

    def write_measurement(self, number: int, measurement: Measurement) -> None:
        """Keep what one training showed."""
        path = self._measurement_path(number, measurement.seed, measurement.task, measurement.step)
        write_json(path, measurement.to_dict())

    def _measurement_path(self, number: int, seed: int, task: str, step: int) -> Path:
        return self.trial_path(number) / f"seed-{seed}-{task}-{step:07d}.json"

    def forget_checkpoints(self) -> None:
        """Drop what trainings could have gone on from."""
        for path in self.path.glob("trials/*/checkpoint-*"):
            path.unlink(missing_ok=True)

    def write_trial(self, trial: Trial) -> None:
        """Keep all that is known of a trial."""
        write_json(self.trial_path(trial.number) / "trial.json", trial.to_dict())

    def trials(self) -> tuple[Trial, ...]:
        """Every trial that reached its end, by number."""
        found = (_read_trial(path) for path in sorted(self.path.glob("trials/*/trial.json")))
        return tuple(trial for trial in found if trial is not None)

    def trial(self, number: int) -> Trial:
        """One trial.

        Raises:
            StudyError: the study has no such trial, or it has not ended.
        """
        trial = _read_trial(self.trial_path(number) / "trial.json")
        if trial is None:
            last = len(self.trials()) - 1
            raise StudyError(f"trial: must be one of 0 to {last} of {self.path}, got {number}.")
        return trial

    def front(self) -> dict[str, Any]:
        """The content of front.json.

        Raises:
            StudyError: the study has not ended yet, or the file is damaged.
        """
        document = read_json(self.path / "front.json")
        if document is None:
            ended = f"{len(self.trials())} trials ended"
            raise StudyError(f"study: {self.path} has no front yet ({ended}). Run its nas search again to go on.")
        with damage_named(self.path / "front.json"):
            _check_front(document)
        front: dict[str, Any] = document
        return front

    def write_front(self, front: dict[str, Any]) -> None:
        """Keep the front, as JSON and as a table."""
        write_json(self.path / "front.json", front)
        write_text(self.path / "front.csv", _as_csv(front))


def _read_trial(path: Path) -> Trial | None:
    document = read_json(path)
    with damage_named(path):
        return Trial.from_dict(document) if document is not None else None


def _check_front(front: Any) -> None:
    """What tables and exports read must be there; what is wrong is raised as it comes."""
    if front["schema"] != SCHEMA:
        raise ValueError(f"schema must be {SCHEMA!r}, got {front['schema']!r}")
    names = [objective["name"] for objective in front["objectives"]]
    scores = [score["name"] for score in further_scores(front)]
    for entry in (*front["points"], *front["baselines"]):
        parse_pattern(entry["pattern"])
        missing = {"trial", "baseline", "seeds", "spread", "ratio_to_full"} - entry.keys()
        odd = [name for name in names if entry["values"] and not isinstance(entry["values"][name], int | float)]
        odd += [name for name in scores if not isinstance(entry["scores"].get(name, 0), int | float)]
        if missing or odd:
            raise ValueError(f"an entry lacks {sorted(missing)} or has no numbers for {odd}")


def _as_csv(front: dict[str, Any]) -> str:
    names = [objective["name"] for objective in front["objectives"]]
    scores = [score["name"] for score in front["scores"]]
    further = [score["name"] for score in further_scores(front)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    spreads = [f"{name}_spread" for name in scores]
    writer.writerow(["trial", "baseline", "pattern_id", *names, *further, *spreads, "num_seeds"])
    for point in front["points"]:
        values = [point["values"][name] for name in names] + [point["scores"].get(name) for name in further]
        spread = [point["spread"].get(name) for name in scores]
        baseline = point["baseline"] or ""
        writer.writerow([point["trial"], baseline, point["pattern_id"], *values, *spread, len(point["seeds"])])
    return text.getvalue()
