"""What short runs of small models say about a larger one: every rung of small tables against the end of a larger table.

    python benchmarks/transfer.py tables/ladder/M-plain.jsonl tables/ladder
    python benchmarks/transfer.py tables/ladder/L-short-drawn.jsonl tables/ladder --projected

Patterns are the same choices: parameters that are the same shares of the length, and baselines of the same name; what
is not found so is carried to the larger length, every size as its share, and stretched to its layers. Printed for each
small table and rung, by what a run of it costs: `tau`, Kendall's tau-b; its posterior mean and 90% interval; `freed`,
tau between the values without the noise of single runs; `pairs`, the share of pairs within 25% of each other's FLOPs in
the larger model that are ordered as there; `regret`, the hypervolume (quality and FLOPs) that is lost by choosing the
front of the small one. docs/transfer.md says what these were chosen for, before anything was measured. Behind them
stand tau, pairs and regret of the qualities that are projected to 20 tokens a parameter from this rung and the one
below it, as `nas search` does. With `--projected` the larger model is judged so too, as is of use where it was not
trained that long.
"""

import argparse
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from statistics import fmean

from nas.costs.counting import count_cost, full_pattern
from nas.costs.parameters import target_parameters
from nas.errors import InputError, NasError
from nas.ground_truth.file import Table, read_table
from nas.ground_truth.qualities import Qualities
from nas.patterns.carry import carried
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import CarryRules
from nas.patterns.stretch import stretched
from nas.proxy.settings import ProxySettings
from nas.results.table import TableEntry
from nas.search.scoring.projection import projected
from nas.statistics.pareto import hypervolume, nondominated
from nas.statistics.rank_agreement import kendall_tau, pooled_deviation
from nas.statistics.tau_posterior import RankingNoise, TauPosterior, freed_of_noise

SHIPPED = Path(__file__).parents[1] / "tables" / "tabular-text.jsonl"
NOISE = 0.014
"""Standard deviation between seeds in bits per byte, as measured on the shipped table of two seeds."""
NEAR = 0.25
"""How far the FLOPs of two patterns may lie apart to be a choice at equal cost, as a share of the larger."""
SHARES = CarryRules(first="share")
"""`space=tabular` has the same shares at every length, global tokens included."""
TRAINED = 20
"""Tokens a parameter that qualities are projected to, as `project_to` of `nas search`."""
BATCH = 4
"""Sequences of a step in all tables of the ladder but those that say otherwise."""
BYTES = 256
"""Vocabulary of text that is read byte by byte."""
LEAST = 8
"""Patterns in common below which nothing is said."""


@dataclass(frozen=True, eq=False)
class Truth:
    """The larger model's qualities, negated where more is better, and what patterns cost there.

    Args:
        table: the larger one, complete or not.
        end: the last rung; while the table is being built, the last of those that most patterns have.
        values: at the end by id of the pattern, or what they are projected to from there.
        flops: of attention, by id.
        is_projected: whether they are projected.
    """

    table: Table
    end: int
    values: Mapping[str, float]
    flops: Mapping[str, int]
    is_projected: bool = False

    @classmethod
    def of(cls, table: Table, *, projected: bool = False) -> "Truth":
        """What a table says at its end, or projects from there to TRAINED tokens a parameter."""
        target = table.proxy.target(table.task.num_tokens, table.task.vocab_size)
        end = max(table.plan.rungs, key=lambda rung: (len(values_at(table, rung)), rung))
        values = projections_at(table, end) if projected else values_at(table, end)
        patterns = {entry.pattern.id: entry.pattern for entry in table.plan.entries}
        flops = {one: count_cost(patterns[one], target).attention_flops for one in values}
        return cls(table, end, values, flops, projected)

    @cached_property
    def choices(self) -> dict[object, str]:
        """The ids of its patterns by what was chosen."""
        return {choice(self.table, entry): entry.pattern.id for entry in self.table.plan.entries}

    def counterpart(self, table: Table, entry: TableEntry) -> str:
        """The id of the same choice in the larger model, which its table may have or not."""
        if (known := self.choices.get(choice(table, entry))) is not None:
            return known
        pattern, _ = carried(entry.pattern, table.task.num_tokens, self.table.task.num_tokens, SHARES)
        return stretched(pattern, self.table.proxy.num_layers, self.table.proxy.num_heads).id


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a rung ranks the patterns that the larger model has too; see the module."""

    num_patterns: int
    tau: float
    posterior: TauPosterior
    freed: float | None
    pairs: float | None
    regret: float


def choice(table: Table, entry: TableEntry) -> object:
    """What was chosen, whatever the length: the name of a baseline, or every parameter, numbers as shares."""
    if entry.baseline:
        return entry.baseline
    return frozenset(
        (name, value if isinstance(value, str | bool) else value / table.task.num_tokens)
        for name, value in entry.params.items()
    )


def with_seeds(table: Table, seeds: Collection[int]) -> Table:
    """The table with the rows of some seeds alone: more of them on one side would make its ranking the better one."""
    kept = tuple(row for row in table.rows if row.seed in seeds)
    return replace(table, rows=kept)


def values_at(table: Table, rung: int) -> dict[str, float]:
    """Means over seeds at a rung by id of the pattern, to be minimised."""
    qualities = Qualities(table)
    return {identity: qualities.sign * mean for identity, mean in qualities.means(rung).items()}


def projections_at(table: Table, rung: int) -> dict[str, float]:
    """The same projected to TRAINED tokens a parameter from this rung and the one below; of runs that have both."""
    return {identity: fmean(own.values()) for identity, own in projections_by_seed(table, rung).items()}


def projections_by_seed(table: Table, rung: int) -> dict[str, dict[int, float]]:
    """The projections of single runs by id of the pattern and seed, to be minimised."""
    below = max((one for one in table.plan.rungs if one < rung), default=None)
    if below is None:
        return {}
    target = table.proxy.target(table.task.num_tokens, table.task.vocab_size)
    steps = round(TRAINED * target_parameters(target) / (table.training.batch_size * table.task.num_tokens))
    qualities = Qualities(table)
    before, after = qualities.by_seed(below), qualities.by_seed(rung)
    found = {}
    for identity, own in after.items():
        shared = own.keys() & before.get(identity, {}).keys()
        ahead = {seed: projected((below, before[identity][seed]), (rung, own[seed]), steps) for seed in sorted(shared)}
        if ahead:
            found[identity] = {seed: qualities.sign * value for seed, value in ahead.items()}
    return found


def projection_noise(table: Table, rung: int) -> float | None:
    """Standard deviation of projections between seeds, by the shipped table if this one has one; None if unknown."""
    for source in (table, shipped()):
        by_seed = projections_by_seed(source, rung) if rung in source.plan.rungs else {}
        found = pooled_deviation([list(own.values()) for own in by_seed.values() if len(own) > 1])
        if found is not None:
            return found
    return None


@cache
def shipped() -> Table:
    """The table that comes with `nas`, of two seeds."""
    return read_table(SHIPPED)


def agreement(truth: Truth, table: Table, small: Mapping[str, float], noise: float) -> Agreement | None:
    """The agreement of one rung of a small table; None if too few patterns have it in both.

    Args:
        truth: the larger model.
        table: the small one.
        small: its qualities by id of the pattern, to be minimised.
        noise: standard deviation between their seeds, in their unit.
    """
    known = [entry for entry in table.plan.entries if entry.pattern.id in small]
    places = {
        there: small[entry.pattern.id] for entry in known if (there := truth.counterpart(table, entry)) in truth.values
    }
    names = list(places)
    ours, theirs = [places[name] for name in names], [truth.values[name] for name in names]
    tau = kendall_tau(ours, theirs) if len(names) >= LEAST else None
    if tau is None:
        return None
    posterior = TauPosterior.of(ours, theirs)
    spread = RankingNoise(noise**2 / len(table.plan.seeds), NOISE**2, 0.0)
    # In another unit, or with projections, the noise of the larger model is another one.
    is_known = table.task.unit == truth.table.task.unit and not truth.is_projected
    freed = freed_of_noise(posterior.taus, ours, theirs, spread) if is_known else None
    costs = [truth.flops[name] for name in names]
    return Agreement(
        num_patterns=len(names),
        tau=tau,
        posterior=posterior,
        freed=None if freed is None else float(freed @ posterior.weights),
        pairs=right_pairs(ours, theirs, costs),
        regret=front_regret(ours, theirs, costs),
    )


def right_pairs(ours: Sequence[float], theirs: Sequence[float], costs: Sequence[int]) -> float | None:
    """The share of the pairs at about equal cost that both order alike; None without such pairs."""
    near = [
        (ours[one] - ours[other]) * (theirs[one] - theirs[other]) > 0
        for one, other in combinations(range(len(costs)), 2)
        if abs(costs[one] - costs[other]) <= NEAR * max(costs[one], costs[other])
    ]
    return fmean(near) if near else None


def front_regret(ours: Sequence[float], theirs: Sequence[float], costs: Sequence[int]) -> float:
    """The share of the larger model's hypervolume that its points on the small one's front lack."""
    points = list(zip(theirs, map(float, costs), strict=True))
    reference = tuple(map(max, zip(*points, strict=True)))
    chosen = [points[index] for index in nondominated(list(zip(ours, map(float, costs), strict=True)))]
    whole = hypervolume(points, reference)
    return max(0.0, 1 - hypervolume(chosen, reference) / whole) if whole else 0.0  # rounding may leave less


def regime(table: Table) -> str:
    """Sizes, and settings of the proxy that are not the plain ones."""
    plain = ProxySettings(num_layers=table.proxy.num_layers)
    changed = [
        f"`proxy.{one.name}={getattr(table.proxy, one.name)}`"
        for one in fields(ProxySettings)
        if getattr(table.proxy, one.name) != getattr(plain, one.name)
    ]
    vocabulary = [f"vocabulary of {table.task.vocab_size:,}"] if table.task.vocab_size != BYTES else []
    batch = [] if table.training.batch_size == BATCH else [f"`training.batch_size={table.training.batch_size}`"]
    sizes = f"{table.task.num_tokens} tokens, {table.proxy.num_layers} layers"
    return ", ".join([sizes, *vocabulary, *changed, *batch])


def run_flops(table: Table, rung: int) -> float:
    """FLOP of training full attention to a rung."""
    target = table.proxy.target(table.task.num_tokens, table.task.vocab_size)
    like: ModelPattern = table.plan.entries[0].pattern
    return count_cost(full_pattern(like), target).train_flops * table.training.batch_size * rung


def lines(truth: Truth, tables: Sequence[Table], noise: float) -> list[str]:
    """Markdown: a row for each table and rung."""
    end = truth.end
    found = [
        "| trained | steps | TFLOP a run | patterns | tau | posterior | freed | pairs | regret "
        "| projected: tau | freed | pairs | regret |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for table in tables:
        for rung in table.plan.rungs:
            own = agreement(truth, table, values_at(table, rung), noise)
            if own is None:
                continue
            interval = (
                f"{own.posterior.mean:.2f} ({own.posterior.quantile(0.05):.2f} to {own.posterior.quantile(0.95):.2f})"
            )
            freed, pairs = (_shown(one) for one in (own.freed, own.pairs))
            later = _projected_cells(truth, table, rung)
            cost = f"{run_flops(table, rung) / 1e12:.2f}"
            found.append(
                f"| {regime(table)} | {rung:,} | {cost} | {own.num_patterns} | {own.tau:.2f} | {interval} | {freed} | "
                f"{pairs} | {own.regret:.1%} | {' | '.join(later)} |"
            )
    spread = max(truth.values.values()) - min(truth.values.values())
    ahead = f", projected to {TRAINED} tokens a parameter" if truth.is_projected else ""
    head = (
        f"Truth: {regime(truth.table)}, {end:,} steps{ahead}, {run_flops(truth.table, end) / 1e12:.1f} TFLOP a run; "
        f"{len(truth.values)} patterns within {spread:.3f} {truth.table.task.unit}. Noise of one run: {noise:g}."
    )
    return [head, "", *found]


def _projected_cells(truth: Truth, table: Table, rung: int) -> list[str]:
    noise = projection_noise(table, rung)
    ahead = agreement(truth, table, projections_at(table, rung), noise or 0.0)
    if ahead is None:
        return ["-"] * 4
    freed = ahead.freed if noise is not None else None
    return [_shown(ahead.tau), _shown(freed), _shown(ahead.pairs), f"{ahead.regret:.1%}"]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _tables(paths: Sequence[Path], truth: Table) -> Iterator[Table]:
    """The tables of all files, and those in folders whose sequences are no longer than the truth's."""
    for path in paths:
        if not path.is_dir():
            yield read_table(path)
            continue
        within = map(read_table, sorted(path.glob("*.jsonl")))
        yield from (table for table in within if table.task.num_tokens <= truth.task.num_tokens)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path, help="the table of the larger model")
    parser.add_argument(
        "tables", nargs="+", type=Path, metavar="TABLE", help="tables, or folders with tables up to its size"
    )
    parser.add_argument("--projected", action="store_true", help="judge by projections of the larger model")
    parser.add_argument("--noise", type=float, default=NOISE, help=f"deviation between seeds (default: {NOISE})")
    options = parser.parse_args(words)
    try:
        truth = Truth.of(read_table(options.truth), projected=options.projected)
        if len(truth.values) < LEAST:
            raise InputError(str(options.truth), f"must have {LEAST} patterns or more at a rung", len(truth.values))
        print("\n".join(lines(truth, list(_tables(options.tables, truth.table)), options.noise)))
    except NasError as error:
        print(f"transfer.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
