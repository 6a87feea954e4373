"""The targets that every pattern of a study must be exportable to: `deployable_by`."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.errors import InputError, PatternError, unknown
from nas.export.contract.heads import Refusal
from nas.export.contract.served_model import check_windows_are_read
from nas.export.contract.serving import served_heads
from nas.export.formats import FORMATS
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules, common_rules

RULES = {name: one.rules for name, one in FORMATS.items() if one.rules is not None}
"""What each target that a search can keep to can represent."""


class UndeployableError(PatternError):
    """A pattern that a target of `deployable_by` cannot represent."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Export formats, by name, each of which can represent what the study keeps.

    Args:
        names: keys of RULES; empty for no limit.

    Raises:
        InputError: a name is unknown, or occurs twice.
    """

    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in RULES:
                raise unknown("deployable_by", name, RULES, "target")
        if len(set(self.names)) < len(self.names):
            raise InputError("deployable_by", "must hold no target twice", list(self.names))

    @property
    def rules(self) -> ServingRules | None:
        """What all of them can represent; None for no limit."""
        return common_rules(RULES[name] for name in self.names) if self.names else None

    def check(self, pattern: ModelPattern) -> None:
        """Refuse a pattern, in the form that is exported, that a target cannot represent.

        Raises:
            UndeployableError: a target cannot represent it.
        """
        for name in self.names:
            try:
                served_heads(pattern, RULES[name], name)
            except Refusal as refusal:
                raise UndeployableError("deployable_by", refusal.cause, pattern.id) from None

    def check_model(self, model_type: str) -> None:
        """Refuse a checkpoint whose windows a target drops in silence; raises InputError, which names both."""
        for name in self.names:
            check_windows_are_read("checkpoint", model_type, FORMATS[name])

    def allows(self, pattern: ModelPattern) -> bool:
        """Whether every target can represent a pattern, in the form that is exported."""
        try:
            self.check(pattern)
        except UndeployableError:
            return False
        return True


def deployment(names: Sequence[str] | str | None) -> Deployment:
    """The targets that a setting names: one, several, or none."""
    return Deployment((names,) if isinstance(names, str) else tuple(names or ()))
