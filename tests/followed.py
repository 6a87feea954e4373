"""A study whose trials a test makes up, for the databases that follow it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import optuna
from sqlalchemy import URL

from nas.results.identity import StudyIdentity
from nas.results.objective import Objective
from nas.search.storage.database import StudyDatabase
from nas.search.storage.follower import DatabaseFollower
from nas.search.storage.trial_rows import TrialRows, rows_of

AXES = (Objective(name="quality", unit="bits per byte", direction="minimize"),)


def identity(number: int = 0) -> StudyIdentity:
    """Of one of many studies."""
    return StudyIdentity(id=str(UUID(int=number + (1 << 120))), objectives=AXES)


def trial(value: float) -> optuna.trial.FrozenTrial:
    """A trial with something of everything."""
    return optuna.create_trial(
        value=value,
        params={"window": 4},
        distributions={"window": optuna.distributions.IntDistribution(1, 64, log=True)},
        user_attrs={"baseline": None},
        system_attrs={"a tuple": (1, 2)},
        intermediate_values={10: value + 1},
        constraints={"flops": 0.1},
    )


@dataclass
class MadeUpView:
    """Stands in for the folder of a study."""

    values: Sequence[float] = ()
    ended: bool = False
    asked: list[int] = field(default_factory=list)

    def numbers(self) -> range:
        return range(len(self.values))

    def check(self) -> None:
        pass

    def has_ended(self) -> bool:
        return self.ended

    def rows(self, number: int, known: str | None = None) -> TrialRows | None:
        self.asked.append(number)
        rows = rows_of(trial(self.values[number])) if number < len(self.values) else None
        return None if rows is None or rows.digest == known else rows


def made_up_follower(
    view: MadeUpView, path: Path, url: URL | None = None, name: str = "toy", number: int = 0
) -> DatabaseFollower:
    """What follows it into a file, or into a team's database."""
    return DatabaseFollower(view, StudyDatabase(url, path, identity(number), name), "runs/toy")  # type: ignore[arg-type]
