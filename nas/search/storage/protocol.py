"""The protocol of a study's storage: what the driver reads and writes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from nas.results.decision import Decision
from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.results.profile import Profile
from nas.results.proposal import Proposal
from nas.results.trial import Trial


class DecisionStorage(Protocol):
    """The part of a study's storage that keeps what its scheduler decided."""

    def read(self) -> Sequence[Decision]:
        """Every decision that was kept, in the order in which they were made."""
        ...

    def add(self, decision: Decision) -> None:
        """Keep one more decision."""
        ...

    def replace(self, decisions: Sequence[Decision]) -> None:
        """Keep these decisions, and no others."""
        ...


class StudyStorage(Protocol):
    """Implemented by the study folder (`nas.search.storage.study_folder`), and in memory for fast replays."""

    @property
    def path(self) -> Path:
        """The study folder."""
        ...

    @property
    def decisions(self) -> DecisionStorage:
        """What the scheduler decided."""
        ...

    def trial_path(self, number: int) -> Path:
        """The folder of a trial's checkpoints."""
        ...

    def has_front(self) -> bool:
        """Whether the study has ended before."""
        ...

    def trials(self) -> tuple[Trial, ...]:
        """Every trial that reached its end, by number."""
        ...

    def read_proposal(self, number: int) -> Proposal | None:
        """The proposal of a trial, or None if there is none yet."""
        ...

    def write_proposal(self, number: int, proposal: Proposal) -> None:
        """Keep a proposal."""
        ...

    def read_profile(self, number: int) -> Profile | None:
        """What a trial takes on the device, or None if that was not measured."""
        ...

    def write_profile(self, number: int, profile: Profile) -> None:
        """Keep what a trial takes on the device."""
        ...

    def read_measurement(self, number: int, seed: int, task: str, step: int) -> Measurement | None:
        """The measurement of one training run at a rung, or None if it did not get there."""
        ...

    def write_measurement(self, number: int, measurement: Measurement) -> None:
        """Keep the measurement of one training run."""
        ...

    def write_failure(self, number: int, text: str) -> None:
        """Keep how a trial failed, for people to read."""
        ...

    def write_trial(self, trial: Trial) -> None:
        """Keep everything known of a trial."""
        ...

    def write_front(self, front: Front) -> None:
        """Keep the front."""
        ...

    def forget_checkpoints(self) -> None:
        """Delete the checkpoints of all training runs."""
        ...
