"""The benchmark of transfer: short runs of small models against the end of a larger table."""

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from scipy.stats import kendalltau
from transfer import (
    SHARES,
    Truth,
    agreement,
    front_regret,
    lines,
    main,
    projection_noise,
    projections_at,
    projections_by_seed,
    right_pairs,
    shipped,
    values_at,
)

from nas.ground_truth.file import Table, read_table
from nas.patterns.label import label
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Primitive, Stride

LADDER = Path(__file__).parents[2] / "tables" / "ladder"


@pytest.fixture(scope="module")
def large() -> Table:
    return read_table(LADDER / "M-plain.jsonl")


@pytest.fixture(scope="module")
def small() -> Table:
    return read_table(LADDER / "S-plain.jsonl")


def test_choices_are_found_again_in_a_larger_model(large: Table, small: Table) -> None:
    truth, by_id = Truth.of(large), {one.pattern.id: one.pattern for one in large.plan.entries}
    found = {
        label(entry.pattern): label(by_id[there])
        for entry in small.plan.entries
        if (there := truth.counterpart(small, entry)) in by_id
    }
    assert found["L0 4x w4 | L1 4x w16"] == "L0-1 4x w8 | L2-3 4x w32"
    assert found["L0-1 4x full"] == "L0-3 4x full"
    assert len(found) >= 9 and len(set(found.values())) == len(found)


def test_strides_that_follow_the_root_of_the_length_are_the_same_choice(large: Table, small: Table) -> None:
    """A stride of 16 of 128 tokens is not twice that at 256, so parameters are compared and not sizes."""
    entry = small.plan.entries[0]
    changed = structs.replace(entry, pattern=uniform(Stride(8)))
    there = Truth.of(large).counterpart(small, changed)
    assert there == Truth.of(large).counterpart(small, entry) != uniform(Stride(16)).id


def uniform(primitive: Primitive) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(4, (primitive,)),)] * 2)


def test_tau_is_that_of_the_patterns_in_common(large: Table, small: Table) -> None:
    truth = Truth.of(large)
    at = values_at(small, 3840)
    own = agreement(truth, small, at, 0.014)
    pairs = [
        (at[entry.pattern.id], truth.values[there])
        for entry in small.plan.entries
        if (there := truth.counterpart(small, entry)) in truth.values
    ]
    assert own is not None and own.num_patterns == len(pairs) >= 9
    assert own.tau == pytest.approx(kendalltau(*zip(*pairs, strict=True)).statistic)
    assert own.freed is not None and own.freed > own.posterior.mean, "noise only hides agreement"


def test_a_table_agrees_with_itself_and_its_reverse_does_not(large: Table) -> None:
    truth, end = Truth.of(large), large.plan.rungs[-1]
    own = agreement(truth, large, values_at(large, end), 0.0)
    assert own is not None and (own.tau, own.pairs, own.regret) == (1.0, 1.0, 0.0)
    rows = tuple(structs.replace(row, quality=-row.quality) for row in large.rows)
    turned = agreement(truth, large, values_at(replace(large, rows=rows), end), 0.0)
    assert turned is not None and (turned.tau, turned.pairs) == (-1.0, 0.0) and turned.regret > 0.1


def test_the_end_of_an_unfinished_table_is_where_most_of_its_patterns_are(large: Table) -> None:
    first = large.plan.entries[0].pattern.id
    assert Truth.of(large).end == 4500
    rows = tuple(row for row in large.rows if row.step < 4500 or row.pattern_id == first)
    truth = Truth.of(replace(large, rows=rows))
    assert truth.end == 2250 and truth.values == values_at(large, 2250)


def test_a_larger_model_that_was_stopped_early_is_judged_by_its_projection(
    large: Table, small: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tuple(row for row in large.rows if row.step <= 2250)
    short = replace(large, rows=rows)
    truth = Truth.of(short, projected=True)
    assert truth.end == 2250 and truth.values == projections_at(large, 2250) != values_at(large, 2250)
    end = Truth.of(large).values
    found = [
        kendalltau([values[one] for one in end], list(end.values())).statistic
        for values in (values_at(large, 2250), truth.values)
    ]
    assert found[0] < found[1], "a projection is nearer to the end than what was measured"
    own = agreement(truth, small, values_at(small, 3840), 0.014)
    assert own is not None and own.freed is None, "the noise of the larger model's projections is not known"
    assert main([str(LADDER / "M-plain.jsonl"), str(LADDER / "S-plain.jsonl"), "--projected"]) == 0
    assert "4,500 steps, projected to 20 tokens a parameter" in capsys.readouterr().out


def test_a_projection_goes_on_from_the_rung_below(small: Table) -> None:
    early, late, ahead = values_at(small, 480), values_at(small, 960), projections_at(small, 960)
    assert ahead.keys() == late.keys()
    gains = [(early[one] - late[one], late[one] - ahead[one]) for one in ahead]
    assert all(0 < further == pytest.approx(gains[0][1] / gains[0][0] * gained) for gained, further in gains)
    assert projections_at(small, small.plan.rungs[0]) == {}


def test_the_noise_of_projections_is_that_between_seeds(small: Table) -> None:
    """A table of one seed borrows the shipped one's, whose two seeds differ by sqrt(2) deviations."""
    table = shipped()
    differences = [
        first - second for first, second in (own.values() for own in projections_by_seed(table, 960).values())
    ]
    expected = (sum(one**2 for one in differences) / len(differences) / 2) ** 0.5
    assert projection_noise(table, 960) == projection_noise(small, 960) == pytest.approx(expected)
    assert projection_noise(table, table.plan.rungs[0]) is None, "nothing to project from"


def test_pairs_and_regret_by_hand() -> None:
    costs = [100, 110, 400, 410]
    assert right_pairs([1, 2, 3, 4], [1, 2, 4, 3], costs) == 0.5
    assert right_pairs([1, 2], [1, 2], [100, 400]) is None
    assert front_regret([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [3, 2, 1]) == 0.0
    # The small model leaves out the only point that is better than the reference in both.
    assert front_regret([1.0, 3.0, 2.0], [1.0, 2.0, 3.0], [3, 2, 1]) == pytest.approx(1.0)


def test_shares_are_carried_as_shares() -> None:
    assert set(vars_of(SHARES)) == {"share", "depth"}


def vars_of(rules: object) -> list[str]:
    return [getattr(rules, name) for name in rules.__dataclass_fields__]  # type: ignore[attr-defined]


def test_what_is_printed_has_a_row_for_every_rung(
    large: Table, small: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    head, _, *rows = lines(Truth.of(large), [small, large], 0.014)
    assert head.startswith("Truth: 256 tokens, 4 layers, 4,500 steps, 7.7 TFLOP a run; ")
    assert len(rows) == 2 + len(small.plan.rungs) + len(large.plan.rungs)
    assert main([str(LADDER / "M-plain.jsonl"), str(LADDER / "S-plain.jsonl")]) == 0
    assert capsys.readouterr().out.startswith("Truth: 256 tokens")
    assert main([str(LADDER / "M-plain.jsonl"), str(LADDER)]) == 0
    printed = capsys.readouterr().out
    assert "| 256 tokens, 4 layers | 4,500 |" in printed and "`proxy.token_shift=True`" in printed
    assert "512 tokens" not in printed, "L is larger than the truth"


def test_bad_tables_end_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none"), str(LADDER / "S-plain.jsonl")]) == 2
    shown = capsys.readouterr()
    assert not shown.out and shown.err.startswith("transfer.py: ") and shown.err.count("\n") == 1


def test_noise_of_bytes_frees_nothing_of_word_pieces() -> None:
    truth = Truth.of(read_table(LADDER / "M-drawn.jsonl"))
    bytes_, pieces = (read_table(LADDER / f"S-{one}-drawn.jsonl") for one in ("base100", "pieces"))
    ours, others = (agreement(truth, one, values_at(one, 960), 0.014) for one in (bytes_, pieces))
    assert ours is not None and ours.freed is not None
    assert others is not None and others.freed is None, "nats per piece"
    shown = [line for line in lines(truth, [pieces], 0.014) if "vocabulary of 1,024" in line]
    assert len(shown) == 3 and all(" - |" in line for line in shown)
    halves = read_table(LADDER / "S-batch2-drawn.jsonl")
    assert all("`training.batch_size=2`" in line for line in lines(truth, [halves], 0.014)[4:])
