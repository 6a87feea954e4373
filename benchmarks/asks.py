"""How long samplers take to ask, in studies of many trials.

    python benchmarks/asks.py                        # some minutes
    python benchmarks/asks.py --trials 500 --samplers ehvi,tpe

Fills a study with trials that were never trained: each has a made-up quality at every rung that it reached, which falls
with the rungs and with what the pattern sees. Then asks some times for one more. Times are processor seconds of one
ask, the median; on a busy machine compare them with each other alone.
"""

import argparse
import random
import time
from collections.abc import Sequence
from statistics import median

from threadpoolctl import threadpool_limits

from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.training.schedule import rung_steps
from nas.results.measurement import Measurement, Outcome
from nas.results.proposal import Proposal
from nas.search.problem.problem import Problem, make_problem
from nas.search.samplers.ask import Asker
from nas.search.samplers.catalog import SAMPLERS
from nas.search.samplers.history import History
from nas.search.samplers.optuna_trial import TrialSuggester, suggestion_of
from nas.search.scheduler.forecast import Forecaster
from nas.search.settings import SpaceSettings, StudySettings
from nas.search.trial_store import TrialStore
from nas.tasks.language.text import TextSettings

SHAPES = {"4 layers, 256 tokens": (4, 256), "12 layers, 512 tokens": (12, 512)}
COMPARED = ("ehvi", "tpe", "gp", "nsga2", "random")


def settings_of(num_layers: int, num_tokens: int) -> StudySettings:
    """A study of the hybrid space."""
    return StudySettings(
        space=SpaceSettings(attribute="search_spaces.hybrid:Hybrid"),
        task=TextSettings(num_tokens=num_tokens),
        proxy=ProxySettings(num_layers=num_layers, num_heads=4, d_model=64),
        training=TrainingSettings(num_steps=960, num_rungs=3),
    )


def fill(problem: Problem, settings: StudySettings, num_trials: int) -> tuple[TrialStore, History]:
    """A store of random trials: all have the first rung, half of them the second, a quarter the third."""
    rungs = rung_steps(settings.training)
    store = TrialStore(problem, settings.constraints, rungs)
    history = History(problem, store, rungs, Forecaster(problem, store, rungs))
    directions = [goal.direction for goal in problem.objectives]
    draw = random.Random(0)
    while len(store.trials) < num_trials:
        trial = Asker(SAMPLERS["random"], len(store.trials), directions, history.view).ask([])
        suggester = TrialSuggester(trial)
        pattern = problem.sample(suggester)
        entered = store.enter(
            Proposal(suggestion=suggestion_of(trial), pattern=pattern, flaw="", chosen=suggester.chosen)
        )
        if entered.duplicate_of is not None:
            continue
        share = problem.cost(pattern).ratio_to(problem.full_cost)["attention_flops"]
        level = 3.0 - 0.3 * share + draw.gauss(0, 0.02)
        for place, rung in enumerate(rungs[: 1 + (draw.random() < 0.5) + (draw.random() < 0.25)]):
            quality = level - 0.3 * place + draw.gauss(0, 0.01)
            store.advance(entered.number, rung, [measured(quality, rung, next(iter(problem.tasks)))])
    return store, history


def measured(quality: float, step: int, task: str) -> Measurement:
    """What a training would have shown."""
    return Measurement(
        seed=0,
        learning_rate=4e-3,
        step=step,
        outcome=Outcome.FINISHED,
        quality=quality,
        train_loss=1.0,
        wall_seconds=1.0,
        task=task,
        longer=(),
    )


def seconds(sampler: str, problem: Problem, history: History, num_asks: int) -> float:
    """Processor time of one ask and of making its pattern, the median."""
    asker = Asker(SAMPLERS[sampler], 0, [goal.direction for goal in problem.objectives], history.view)
    known, _ = history.all()
    times = []
    for index in range(num_asks):
        started = time.process_time()
        problem.sample(TrialSuggester(asker.ask(known[: len(known) - index])))
        times.append(time.process_time() - started)
    return median(times)


def rows(num_trials: Sequence[int], samplers: Sequence[str], num_asks: int) -> None:
    """Print a row for every shape and number of trials."""
    print("| study | trials | " + " | ".join(samplers) + " |")
    print("|---" * (len(samplers) + 2) + "|")
    for name, shape in SHAPES.items():
        settings = settings_of(*shape)
        problem = make_problem(settings)
        for num in num_trials:
            _, history = fill(problem, settings, num)
            cells = [f"{seconds(sampler, problem, history, num_asks):.3f} s" for sampler in samplers]
            print(f"| {name} | {num} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", default="50,200,500", help="trials that a study has, by comma")
    parser.add_argument("--samplers", default=",".join(COMPARED), help="by comma")
    parser.add_argument("--asks", type=int, default=5, help="asks of each")
    options = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        rows([int(each) for each in options.trials.split(",")], options.samplers.split(","), options.asks)


if __name__ == "__main__":
    main()
