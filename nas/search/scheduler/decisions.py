"""The decisions of a scheduler: those that a resumed study made before are read instead of made again.

A decision is a pure function of what happened in the search before it, so it is kept under the hash of that. If
anything is different, such as a result that was measured again, the hash is too, and the decision is made anew.
"""

from collections.abc import Callable
from hashlib import blake2b

from nas.results.decision import Decision
from nas.search.storage.protocol import DecisionStorage


class Decisions:
    """Makes every decision of a search once.

    Args:
        storage: where they are kept.
    """

    def __init__(self, storage: DecisionStorage) -> None:
        self._storage = storage
        self._kept = list(storage.read())
        self._known = {decision.past: decision for decision in self._kept}
        self._made: list[Decision] = []
        self._past = blake2b(digest_size=16)

    def happened(self, *what: object) -> None:
        """Remember that something happened by which later decisions are made."""
        self._past.update(repr(what).encode())

    def decide(self, *what: object, choose: Callable[[str], Decision], fits: Callable[[Decision], bool]) -> Decision:
        """The decision at this moment.

        Args:
            what: is decided, and what is known of the trials.
            choose: makes the decision, of this past.
            fits: whether a decision can be one of this moment; one that was edited may not.
        """
        self.happened(*what)
        past = self._past.hexdigest()
        decision = self._known.get(past)
        if decision is None or not fits(decision):
            decision = choose(past)
            self._storage.add(decision)
        self._made.append(decision)
        return decision

    def forget_others(self) -> None:
        """Forget what was decided in a past that did not come about again."""
        if self._made != self._kept:
            self._storage.replace(self._made)
