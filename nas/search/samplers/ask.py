"""Asking Optuna for the next trial: a pure function of the study's seed and of what is known so far.

Optuna's own state never outlives one ask. Each time, a study in memory is filled with what is known and asked once. So
a crash cannot leave half a trial behind, and a resumed study gets the same suggestions again.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial

from nas.search.samplers.ask_context import AskContext, MakeSampler, SpaceView
from nas.search.samplers.ehvi import EHVISampler
from nas.search.samplers.evidence import evidence_of
from nas.search.samplers.observation import Observation
from nas.search.samplers.optuna_trial import frozen_trial
from nas.search.samplers.outlook import Outlook, outlook_of
from nas.statistics.ranks import Direction


class Asker:
    """Asks one sampler for trials of one study.

    Args:
        make_sampler: makes the sampler of one ask, such as a value of SAMPLERS.
        seed: the study's seed.
        directions: minimize or maximize, one per objective.
        view: the study's space.
    """

    def __init__(self, make_sampler: MakeSampler, seed: int, directions: Sequence[Direction], view: SpaceView) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._make_sampler, self._seed, self._directions, self._view = make_sampler, seed, list(directions), view
        self._known: dict[int, tuple[Observation, FrozenTrial]] = {}
        self._newest: tuple[list[Observation], Outlook] | None = None

    def ask(
        self, known: Sequence[Observation], baselines: Sequence[Observation] = (), num_read: int | None = None
    ) -> optuna.Trial:
        """A new trial.

        Args:
            known: the trials that were proposed (finished and running), in their order.
            baselines: trials that were not proposed; Optuna's own samplers are not given them.
            num_read: of how many of `known` our own sampler makes its models, and only avoids the patterns of the
                others; None for all.
        """
        read = [*baselines, *known[:num_read]]
        recent = [] if num_read is None else known[num_read:]
        context = AskContext(self._seed, len(known), self._view, lambda: self._outlook(read, recent))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            sampler = self._make_sampler(context)
            study = optuna.create_study(directions=self._directions, sampler=sampler)
            # Ours reads the outlook and a random one reads nothing; to copy trials takes Optuna long.
            if not isinstance(sampler, EHVISampler | RandomSampler):
                study.add_trials(self._frozen(number, observation) for number, observation in enumerate(known))
            return study.ask()

    def _outlook(self, read: list[Observation], recent: Sequence[Observation]) -> Outlook:
        """Cached while the observations are the same."""
        if self._newest is None or self._newest[0] != read:
            evidence = evidence_of(read, self._view.identity)
            self._newest = (read, outlook_of(evidence, self._view.features, self._view.rungs))
        ids = {self._view.identity(one.pattern) for one in recent if one.pattern is not None}
        outlook = self._newest[1]
        return replace(outlook, ids=outlook.ids | ids)

    def _frozen(self, number: int, observation: Observation) -> FrozenTrial:
        """Cached by observation, which can change: a mean rank does as trials end."""
        known = self._known.get(number)
        if known is None or known[0] != observation:
            known = self._known[number] = (observation, frozen_trial(observation))
        return known[1]
