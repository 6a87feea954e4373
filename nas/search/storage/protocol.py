"""What the driver needs of the place where a study is kept."""

from pathlib import Path
from typing import Protocol

from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.results.proposal import Proposal
from nas.results.trial import Trial


class StudyStorage(Protocol):
    """The study folder is one (`nas.search.storage.study_folder`); a storage in memory makes replays fast."""

    @property
    def path(self) -> Path:
        """The study folder."""
        ...

    def trial_path(self, number: int) -> Path:
        """Where the checkpoints of a trial lie."""
        ...

    def has_front(self) -> bool:
        """Whether the study has ended before."""
        ...

    def trials(self) -> tuple[Trial, ...]:
        """Every trial that reached its end, by number."""
        ...

    def read_proposal(self, number: int) -> Proposal | None:
        """What was proposed for a trial, or None if it was never asked."""
        ...

    def write_proposal(self, number: int, proposal: Proposal) -> None:
        """Keep what was proposed."""
        ...

    def read_measurement(self, number: int, seed: int, task: str, step: int) -> Measurement | None:
        """What one training run showed at a rung, or None if it did not get there."""
        ...

    def write_measurement(self, number: int, measurement: Measurement) -> None:
        """Keep what one training run showed."""
        ...

    def write_trial(self, trial: Trial) -> None:
        """Keep all that is known of a trial."""
        ...

    def write_front(self, front: Front) -> None:
        """Keep the front."""
        ...

    def forget_checkpoints(self) -> None:
        """Drop what training runs could have gone on from."""
        ...
