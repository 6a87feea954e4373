"""The checkpoints of a cohort that is being trained: one file a member, in the member's own folder."""

from collections.abc import Sequence
from pathlib import Path

from nas.errors import InputError
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.state.member import Member


class Checkpoints:
    """Where a cohort's states lie.

    Every member's slice is written before the slices of the step before are removed, so there is always
    a step that all members have.

    Args:
        members: the cohort.
        folders: one a member; made when first needed.
        run: what else decides the result (task, sizes, seeds); files of another run are passed over.
    """

    def __init__(self, members: Sequence[Member], folders: Sequence[Path], run: str) -> None:
        assert len(members) == len(folders) and len(set(folders)) == len(folders)
        self._members, self._folders, self._run = tuple(members), tuple(folders), run

    def save(self, state: CohortState) -> None:
        """Keep this state, then drop all others."""
        kept = self._name(state.step)
        for folder, part in zip(self._folders, state.split(), strict=True):
            part.save(folder / kept)
        for folder in self._folders:
            for path in self._files(folder):
                if path.name != kept:
                    path.unlink()

    def latest(self, until_step: int) -> CohortState | None:
        """The newest state that all members have, not beyond a step; None if there is none."""
        common = set.intersection(*({path.name for path in self._files(folder)} for folder in self._folders))
        for name in sorted(common, reverse=True):
            state = self._load(name) if name <= self._name(until_step) else None
            if state is not None:
                return state
        return None

    def _load(self, name: str) -> CohortState | None:
        """One state, unless it is another run's or cannot be read: then training starts earlier."""
        try:
            states = [CohortState.load(folder / name) for folder in self._folders]
            ours = all(
                state.members == (member,) and name == self._name(state.step)
                for state, member in zip(states, self._members, strict=True)
            )
            return CohortState.merge(states) if ours else None
        except (InputError, LookupError, TypeError, ValueError, AttributeError, RuntimeError):  # not written by `save`
            return None

    def _name(self, step: int) -> str:
        return f"checkpoint-{step:09d}-{self._run}.pt"

    def _files(self, folder: Path) -> list[Path]:
        """Those of this run: another task or seed may be training beside it in the same folder."""
        return list(folder.glob(f"checkpoint-*-{self._run}.pt*"))
