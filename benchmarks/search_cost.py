"""What a good front costs to find: search methods replayed on a table of trained patterns.

    python benchmarks/search_cost.py tables/tabular-text.jsonl --picture docs/pictures/search_cost.png

Every method searches the same space; its trainings are looked up in the table, so a search takes seconds, and their
FLOPs are added up. After every training its choices are judged: the patterns that it would put on its front at that
moment (forecast to the last rung where they were not trained to it), by their true values (the table's last rung, mean
over seeds), as a share of the hypervolume of the true front of the whole table. The reference point is the worst of
every objective in the table, so that a front of bad patterns is worth nothing. At the end of every search its ranking
of all patterns that it has trained is compared with the truth as well.

What shared weights scored comes from `python -m benchmarks.shared_weights`; their training is paid for first.
"""

import argparse
import json
import math
import random
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as TrialStates
from replay import KnownPatterns, MemoryStorage, ReplayExecutor

from nas.costs.counting import count_cost
from nas.ground_truth.file import Table, read_table
from nas.proxy.training.schedule import branch_start
from nas.results.observer import Observer
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.observers import Observers
from nas.search.problem.problem import Problem, make_problem
from nas.search.samplers.ask_context import MakeSampler
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import FidelitySettings, SpaceSettings, StudySettings
from nas.statistics.pareto import fronts, hypervolume, nondominated
from nas.statistics.rank_agreement import kendall_tau
from nas.tasks.language.text import TextSettings

OBJECTIVES = ["quality", "flops", "kv_cache_bytes"]
Curve = list[tuple[float, float]]
"""(training FLOPs, share of the true hypervolume) after every training."""


@dataclass(frozen=True)
class Search:
    """What one search came to.

    Args:
        curve: what it chose, as it went.
        tau: Kendall's tau-b between its final ranking of the patterns that it has trained and the truth.
        num_chosen: patterns that it chose, after every training: whoever chooses all is worth everything.
    """

    curve: Curve
    tau: float | None
    num_chosen: tuple[int, ...] = ()


class ParetoMutation(BaseSampler):
    """An evolutionary search: a random member of the front with one value drawn anew.

    Regularised evolution (Real et al. 2019) with the front as its parents, as searches for efficient networks use it.

    Args:
        seed: of this one ask.
    """

    def __init__(self, seed: int) -> None:
        self._draw, self._random = random.Random(seed), RandomSampler(seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Those of a parent, but for one."""
        known = [one for one in study.get_trials(deepcopy=False, states=(TrialStates.COMPLETE,)) if one.params]
        if len(known) < NUM_PARENTS:
            return {}
        front = [known[index] for index in nondominated([tuple(one.values or ()) for one in known])]
        self._parent = self._draw.choice(front)
        changed = self._draw.choice(sorted(self._parent.params))
        return {name: kind for name, kind in self._parent.distributions.items() if name != changed}

    def sample_relative(self, study: Study, trial: FrozenTrial, space: dict[str, BaseDistribution]) -> dict[str, Any]:
        """The parent's values."""
        return {name: self._parent.params[name] for name in space}

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, kind: BaseDistribution) -> Any:
        """What is drawn anew."""
        return self._random.sample_independent(study, trial, name, kind)


NUM_PARENTS = 4
"""Trained patterns before mutation begins."""
MAKERS: dict[str, MakeSampler] = SAMPLERS | {
    "mutation": lambda asked: ParetoMutation(asked.own_seed),
    "tpe, 10 random": lambda asked: TPESampler(seed=asked.own_seed, multivariate=True, group=True),
    "tpe, univariate": lambda asked: TPESampler(seed=asked.own_seed),
    "gp, 10 random": lambda asked: GPSampler(seed=asked.own_seed, warn_independent_sampling=False),
}
"""The product's samplers, and some that it does not offer."""


@dataclass(frozen=True)
class Truth:
    """What the table says of every pattern that it has whole.

    Args:
        values: (quality, FLOPs share, KV cache share) by pattern id, quality the mean over seeds.
        by_rung: quality by pattern id, seed and rung.
        full_training_flops: of one training of full attention to the last rung.
    """

    values: dict[str, tuple[float, float, float]]
    by_rung: dict[tuple[str, int, int], float]
    seeds: tuple[int, ...]
    rungs: tuple[int, ...]
    reference: tuple[float, float, float]

    def tau(self, ranked: dict[str, float]) -> float | None:
        """Kendall's tau-b between some patterns' qualities, by id, and the true ones."""
        return kendall_tau(list(ranked.values()), [self.values[identity][0] for identity in ranked])

    def share(self, chosen: Sequence[str]) -> float:
        """Hypervolume of some patterns by their true values, as a share of that of all."""
        points = [self.values[identity] for identity in chosen]
        return hypervolume(points, self.reference) / _whole_volume(self)


@cache
def load(path: Path, num_seeds: int | None) -> tuple[Table, Problem, Truth]:
    """The table, its problem, and its truth."""
    table = read_table(path)
    problem = make_problem(study_settings(table, num_rungs=1))
    rungs = tuple(table.plan.rungs)
    by_rung = {
        (row.pattern_id, row.seed, row.step): row.quality
        for row in table.rows
        if not row.sweep and row.quality is not None
    }
    seeds = tuple(table.plan.seeds)[:num_seeds]
    values = {}
    for entry in table.plan.entries:
        own = [by_rung.get((entry.pattern.id, seed, rungs[-1])) for seed in seeds]
        if all(value is not None for value in own):
            ratio = problem.cost(entry.pattern).ratio_to(problem.full_cost)
            quality = float(np.mean([value for value in own if value is not None]))
            values[entry.pattern.id] = (quality, ratio["attention_flops"], ratio["kv_cache_bytes"])
    reference = tuple(max(column) for column in zip(*values.values(), strict=True))
    truth = Truth(values, by_rung, seeds, rungs, reference)
    known = KnownPatterns(problem.space, frozenset(values))
    return table, replace(problem, space=known, baselines={}), truth


@cache
def _volume(points: tuple[tuple[float, float, float], ...], reference: tuple[float, float, float]) -> float:
    return hypervolume([points[index] for index in nondominated(points)], reference)


def _whole_volume(truth: Truth) -> float:
    return _volume(tuple(truth.values.values()), truth.reference)


def study_settings(
    table: Table,
    *,
    num_rungs: int,
    num_trials: int = 0,
    seed: int = 0,
    num_steps: int | None = None,
    rung_ratio: int = 2,
) -> StudySettings:
    """A study of the table's space, task and proxy, trained to `num_steps`, or to the table's last rung."""
    written = table.header.settings
    return StudySettings(
        study="replay",
        seed=seed,
        num_trials=num_trials,
        space=SpaceSettings(**written["space"]),
        task=TextSettings(**written["task"]),
        proxy=table.proxy,
        training=replace(
            table.training,
            num_steps=num_steps or table.training.num_steps,
            num_rungs=num_rungs,
            rung_ratio=rung_ratio,
            test_lengths=[],
        ),
        objectives=OBJECTIVES,
        confirm_seeds=0,
        fidelity=FidelitySettings(num_patterns=0),
    )


class Trace(Observer):
    """An observer that judges the choices after every training."""

    def __init__(self, executor: ReplayExecutor, truth: Truth) -> None:
        self._executor, self._truth = executor, truth
        self.driver: Driver | None = None
        self.curve: Curve = []
        self.num_chosen: list[int] = []

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._judge()

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        if trial.state is TrialState.FINISHED:
            self._judge()

    def _judge(self) -> None:
        assert self.driver is not None
        chosen = [trial.pattern.id for trial in self.driver.forecast_front() if trial.pattern]
        self.curve.append((float(self._executor.train_flops), self._truth.share(chosen)))
        self.num_chosen.append(len(chosen))


def driven(path: Path, num_seeds: int | None, seed: int, *, sampler: str, **study: Any) -> Search:
    """One study by the product's own driver."""
    table, problem, truth = load(path, num_seeds)
    settings = study_settings(table, seed=seed, **study)
    first = truth.seeds[seed % len(truth.seeds)]
    executor = ReplayExecutor(table.rows, {seed * 1000: first}, table.training, problem.target)
    trace = Trace(executor, truth)
    concurrency = Concurrency(num_workers=2, cohort_size=1, asked_at_once=1)
    trace.driver = Driver(
        settings, problem, MAKERS[sampler], MemoryStorage(), executor, Observers([trace]), concurrency, None
    )
    trace.driver.run()
    patterns = {trial.number: trial.pattern.id for trial in trace.driver.trials if trial.pattern}
    ranked = {patterns[number]: own["quality"] for number, own in trace.driver.ranking().items()}
    return Search(trace.curve, truth.tau(ranked), tuple(trace.num_chosen))


def by_cost_alone(path: Path, num_seeds: int | None, seed: int, *, key: str, num_trials: int) -> Search:
    """A zero-cost ranking: quality is taken to be a cost, so every choice is trained that spreads over it evenly.

    `pairs` takes more pairs to be better; `parameters` finds all patterns alike, so it draws at random.
    """
    table, problem, truth = load(path, num_seeds)
    draw = random.Random(seed)
    ids = sorted(truth.values, key=lambda one: (truth.values[one][1] if key == "pairs" else 0.0, draw.random()))
    order = _spread(ids)[:num_trials]
    return _trained_fully(order, table, problem, truth, seed)


def by_shared_weights(path: Path, num_seeds: int | None, seed: int, *, num_trials: int) -> Search:
    """Shared weights are trained and score every pattern; then fronts of their scores are trained fully, best first."""
    table, problem, truth = load(path, num_seeds)
    scores = shared_scores(path, seed)
    costs = {identity: (scores[identity], *truth.values[identity][1:]) for identity in truth.values}
    ids = sorted(costs)
    levels = fronts([costs[identity] for identity in ids])
    draw = random.Random(seed)
    order = sorted(range(len(ids)), key=lambda index: (levels[index], draw.random()))
    steps_cost = SHARED_STEPS * float(np.mean(list(_step_flops(table, problem).values())))
    search = _trained_fully([ids[index] for index in order[:num_trials]], table, problem, truth, seed, spent=steps_cost)
    return replace(search, tau=truth.tau({identity: scores[identity] for identity in truth.values}))


def shared_scores(path: Path, seed: int) -> dict[str, float]:
    """What shared weights say of every pattern, lower being better."""
    by_key: dict[str, dict[str, float]] = {}
    for line in path.with_suffix(SUFFIX).read_text().splitlines():
        row = json.loads(line)
        by_key.setdefault(row["key"], {})[row["pattern"]] = row["quality"]
    keys = sorted(key for key in by_key if key.startswith(SHARED))
    return by_key[keys[seed % len(keys)]]


SUFFIX = ".shared.jsonl"
"""Of the file beside a table that holds what shared weights scored: the results of `benchmarks/shared_weights`."""
SHARED, SHARED_STEPS = "naive 4000 x0.004 seed", 4000
"""Of the ways to train shared weights that were tried, none does better at their cost (decision 13)."""


def _spread(items: Sequence[str]) -> list[str]:
    """Both ends, the middle, the middles of the halves, and so on."""
    places = dict.fromkeys([0, len(items) - 1])
    step = 1.0
    while len(places) < len(items):
        step /= 2
        places |= dict.fromkeys(round(part * step * (len(items) - 1)) for part in range(1, int(1 / step)))
    return [items[place] for place in places]


def _trained_fully(
    order: Sequence[str], table: Table, problem: Problem, truth: Truth, seed: int, spent: float = 0.0
) -> Search:
    seen: list[str] = []
    curve: Curve = []
    num_chosen = []
    for identity in order:
        spent += _step_flops(table, problem)[identity] * truth.rungs[-1]
        seen.append(identity)
        chosen = _observed_front(seen, truth, seed, truth.rungs[-1])
        curve.append((spent, truth.share(chosen)))
        num_chosen.append(len(chosen))
    ranked = {identity: _observed(identity, truth, seed, truth.rungs[-1])[0] for identity in seen}
    return Search(curve, truth.tau(ranked), tuple(num_chosen))


def _observed_front(ids: Sequence[str], truth: Truth, seed: int, rung: int) -> list[str]:
    points = [_observed(identity, truth, seed, rung) for identity in ids]
    return [ids[index] for index in nondominated(points)]


def _observed(identity: str, truth: Truth, seed: int, rung: int) -> tuple[float, float, float]:
    own = truth.seeds[seed % len(truth.seeds)]
    return (truth.by_rung[identity, own, rung], *truth.values[identity][1:])


_FLOPS: dict[int, dict[str, float]] = {}


def _step_flops(table: Table, problem: Problem) -> dict[str, float]:
    """Training FLOPs of one step, by pattern id."""
    if id(table) not in _FLOPS:
        _FLOPS[id(table)] = {
            entry.pattern.id: float(count_cost(entry.pattern, problem.target).train_flops * table.training.batch_size)
            for entry in table.plan.entries
        }
    return _FLOPS[id(table)]


def mo_asha(path: Path, num_seeds: int | None, seed: int, *, num_trials: int, ratio: int) -> Search:
    """Asynchronous halving over several objectives as published: random draws, fronts of raw scores, epsilon-net.

    Schmucker et al. 2021 (arXiv 2106.12639). One worker; a rung lets through its best 1/ratio.
    """
    table, problem, truth = load(path, num_seeds)
    flops, training = _step_flops(table, problem), table.training
    draw = random.Random(seed)
    new = draw.sample(sorted(truth.values), min(num_trials, len(truth.values)))
    rungs = truth.rungs
    reached: list[list[str]] = [[] for _ in rungs]
    promoted: list[set[str]] = [set() for _ in rungs]
    spent = 0.0
    curve: Curve = []
    num_chosen: list[int] = []
    while True:
        identity, rung = None, 0
        for level in reversed(range(len(rungs) - 1)):
            order = _epsilon_net([_observed(one, truth, seed, rungs[level]) for one in reached[level]])
            best = [reached[level][index] for index in order[: len(order) // ratio]]
            waiting = [one for one in best if one not in promoted[level]]
            if waiting:
                identity, rung = waiting[0], level + 1
                promoted[level].add(identity)
                break
        if identity is None:
            if not new:
                return Search(curve, truth.tau(_raw_scores(reached, truth, seed)), tuple(num_chosen))
            identity, rung = new.pop(), 0
        trunk = branch_start(rungs[rung - 1], training) if rung else 0
        spent += flops[identity] * (rungs[rung] - trunk)
        reached[rung].append(identity)
        if reached[-1]:
            chosen = _observed_front(reached[-1], truth, seed, rungs[-1])
            curve.append((spent, truth.share(chosen)))
            num_chosen.append(len(chosen))


def _raw_scores(reached: Sequence[Sequence[str]], truth: Truth, seed: int) -> dict[str, float]:
    """The last score of every pattern."""
    last = {identity: rung for rung, ids in zip(truth.rungs, reached, strict=True) for identity in ids}
    return {identity: _observed(identity, truth, seed, rung)[0] for identity, rung in last.items()}


def _epsilon_net(points: Sequence[tuple[float, ...]]) -> list[int]:
    """Indices, front by front; within a front the point furthest from those taken comes next."""
    if not points:
        return []
    scaled = np.array(points, dtype=float)
    spread = scaled.max(axis=0) - scaled.min(axis=0)
    scaled = (scaled - scaled.min(axis=0)) / np.where(spread > 0, spread, 1)
    levels = fronts(points)
    order: list[int] = []
    for level in range(max(levels) + 1):
        left = [index for index, own in enumerate(levels) if own == level]
        own = [left.pop(0)]
        while left:
            distances = [min(float(np.linalg.norm(scaled[index] - scaled[taken])) for taken in own) for index in left]
            own.append(left.pop(int(np.argmax(distances))))
        order += own
    return order


FIRST_VERSION = {"sampler": "tpe, 10 random", "num_rungs": 1, "num_steps": 480}
"""What the first version of this project did: 24 patterns, no rungs, ranked as they are."""
MAKE_SEARCH = {"sampler": "ehvi", "num_rungs": 2, "num_steps": 960}
"""What conf/preset/quick.yaml does, with 24 patterns."""
METHODS: dict[str, tuple[Callable[..., Search], dict[str, Any]]] = {
    "random": (driven, {"sampler": "random", "num_rungs": 1}),
    "Optuna TPE, default": (driven, {"sampler": "tpe, univariate", "num_rungs": 1}),
    "Optuna TPE, multivariate": (driven, {"sampler": "tpe, 10 random", "num_rungs": 1}),
    "TPE, multivariate, 4 random": (driven, {"sampler": "tpe", "num_rungs": 1}),
    "Optuna NSGA-II": (driven, {"sampler": "nsga2", "num_rungs": 1}),
    "Optuna GP": (driven, {"sampler": "gp, 10 random", "num_rungs": 1}),
    "GP, 4 random": (driven, {"sampler": "gp", "num_rungs": 1}),
    "Pareto mutation": (driven, {"sampler": "mutation", "num_rungs": 1}),
    "ehvi": (driven, {"sampler": "ehvi", "num_rungs": 1}),
    "pairs alone": (by_cost_alone, {"key": "pairs"}),
    "parameter count alone": (by_cost_alone, {"key": "parameters"}),
    "shared weights": (by_shared_weights, {}),
    "MO-ASHA": (mo_asha, {"ratio": 2}),
    "halving, random": (driven, {"sampler": "random", "num_rungs": 5}),
    "halving, TPE": (driven, {"sampler": "tpe", "num_rungs": 5}),
    "halving, NSGA-II": (driven, {"sampler": "nsga2", "num_rungs": 5}),
    "halving, GP": (driven, {"sampler": "gp", "num_rungs": 5}),
    "halving, Pareto mutation": (driven, {"sampler": "mutation", "num_rungs": 5}),
    "halving, ehvi": (driven, {"sampler": "ehvi", "num_rungs": 5}),
    "halving from 960 steps, ehvi": (driven, {"sampler": "ehvi", "num_rungs": 3}),
    "ehvi, 960 steps": (driven, MAKE_SEARCH | {"num_rungs": 1}),
    "halving from 240 to 960 steps, ehvi": (driven, MAKE_SEARCH | {"num_rungs": 3}),
    "first version": (driven, FIRST_VERSION),
    "first version, 24 patterns": (driven, FIRST_VERSION | {"num_trials": 24}),
    "make search": (driven, MAKE_SEARCH),
    "make search, 24 patterns": (driven, MAKE_SEARCH | {"num_trials": 24}),
}
"""What is compared: how a curve is made, and with what."""
DRAWN = (
    "make search",
    "halving, ehvi",
    "ehvi",
    "halving, TPE",
    "Optuna GP",
    "Optuna TPE, multivariate",
    "MO-ASHA",
    "shared weights",
    "Pareto mutation",
    "random",
    "first version",
)
"""What the picture shows; more lines could not be told apart."""


def one_search(task: tuple[str, Path, int | None, int, int]) -> tuple[str, Search]:
    """One method with one seed."""
    name, path, num_seeds, seed, num_trials = task
    make, options = METHODS[name]
    return name, make(path, num_seeds, seed, **{"num_trials": num_trials} | options)


def at(curve: Curve, spent: float) -> float:
    """The share that a method has reached when it has spent so much."""
    reached = [share for flops, share in curve if flops <= spent]
    return reached[-1] if reached else 0.0


def cost_of(curve: Curve, share: float) -> float:
    """The least spending after which a method never falls below a share again; infinite if it does not get there."""
    cost = math.inf
    for flops, own in reversed(curve):
        if own < share:
            break
        cost = flops
    return cost


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Mean with a 95% bootstrap interval."""
    draws = np.random.default_rng(seed).choice(np.asarray(values), size=(2000, len(values))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)


def main() -> None:
    """Replay, judge, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=20, help="searches a method")
    parser.add_argument("--trials", type=int, default=60, help="patterns a search samples")
    parser.add_argument(
        "--table-seeds", type=int, default=None, help="seeds of the table that are used; all if left out"
    )
    parser.add_argument("--methods", default="", help="only those whose name contains one of these, by comma")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keep the searches there, as JSON")
    parser.add_argument("--known", type=Path, nargs="*", default=[], help="what --out kept; these are not made again")
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    wanted = [name for name in METHODS if any(part in name for part in args.methods.split(","))]
    _, _, truth = load(args.table, args.table_seeds)
    print(f"{len(truth.values)} patterns, seeds {truth.seeds}, rungs {truth.rungs}", file=sys.stderr)
    tasks = [(name, args.table, args.table_seeds, seed, args.trials) for name in wanted for seed in range(args.seeds)]
    searches: dict[str, list[Search]] = {name: [] for name in wanted}
    for file in args.known:
        for name, own in json.loads(file.read_text()).items():
            searches[name] = [Search(one["curve"], one["tau"], tuple(one["num_chosen"])) for one in own]
    tasks = [task for task in tasks if not searches[task[0]]]
    with ProcessPoolExecutor(args.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for done, (name, search) in enumerate(pool.map(one_search, tasks), 1):
            searches[name].append(search)
            print(f"\r{done}/{len(tasks)} searches", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    report(searches, args.table, args.table_seeds)
    if args.out:
        args.out.write_text(json.dumps({name: [asdict(one) for one in own] for name, own in searches.items()}))
    if args.picture:
        draw(searches, args.picture, args.table, args.table_seeds)


def unit_cost(path: Path, num_seeds: int | None) -> float:
    """Training FLOPs of one full training, mean over the patterns."""
    table, problem, truth = load(path, num_seeds)
    flops = _step_flops(table, problem)
    return float(np.mean([flops[identity] for identity in truth.values])) * truth.rungs[-1]


def report(searches: dict[str, list[Search]], path: Path, num_seeds: int | None) -> None:
    """A line for every method: what it reaches at some budgets, what 90% and 95% cost it, and its last ranking."""
    unit = unit_cost(path, num_seeds)
    budgets = (5, 10, 20, 40, 80)
    print("Share of the true hypervolume after so many full trainings' FLOPs (mean and 95% interval over searches).")
    print("Median cost, in full trainings, of staying above 90% and 95%; a dash: half of the searches do not.")
    print("Tau-b between the final ranking of what was trained and the truth.")
    print("Patterns chosen at the end, and at most; means.\n")
    print("| method | " + " | ".join(map(str, budgets)) + " | 90% | 95% | tau at the end | chosen |")
    print("|---" * (len(budgets) + 5) + "|")
    for name, own in searches.items():
        cells = []
        for budget in budgets:
            mean, low, high = interval([at(search.curve, budget * unit) for search in own])
            cells.append(f"{mean:.3f} ({low:.3f} to {high:.3f})")
        costs = [float(np.median([cost_of(search.curve, share) for search in own])) / unit for share in (0.9, 0.95)]
        cells += [f"{cost:.1f}" if math.isfinite(cost) else "-" for cost in costs]
        mean, low, high = interval([search.tau for search in own if search.tau is not None])
        cells.append(f"{mean:.2f} ({low:.2f} to {high:.2f})")
        last, most = (np.mean([pick(search.num_chosen) for search in own]) for pick in (lambda all_: all_[-1], max))
        print(f"| {name} | " + " | ".join(cells) + f" | {last:.0f}, {most:.0f} |", flush=True)


def draw(searches: dict[str, list[Search]], picture: Path, path: Path, num_seeds: int | None) -> None:
    """Mean share against FLOPs, with the interval of the mean."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    unit = unit_cost(path, num_seeds)
    figure, axes = pyplot.subplots(figsize=(11, 5.5), layout="constrained")
    budgets = np.geomspace(0.5, 60, 80)
    for name in [name for name in DRAWN if name in searches]:
        own = searches[name]
        means = [interval([at(search.curve, budget * unit) for search in own]) for budget in budgets]
        ours = "make" in name or "ehvi" in name
        colour = "black" if name == "first version" else None
        means_alone = [mean for mean, _, _ in means]
        line = axes.plot(budgets, means_alone, label=name, linewidth=2.4 if ours else 1.3, color=colour)[0]
        axes.fill_between(
            budgets, [low for _, low, _ in means], [high for _, _, high in means], color=line.get_color(), alpha=0.12
        )
    axes.axhline(0.95, color="0.6", linewidth=0.8, linestyle=":")
    axes.set(
        xscale="log",
        ylim=(0, 1.01),
        xlabel="training FLOPs spent, in full trainings",
        ylabel="share of the true hypervolume",
    )
    axes.legend(fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    main()
