"""The judgement of both rules of carrying."""

from pathlib import Path

import numpy as np
import pytest
from carried import OTHER, SHIPPED
from carry import compare, main, with_seeds
from scipy.stats import kendalltau

from nas.ground_truth.file import read_table

TABLE = SHIPPED.parent / "ladder" / "S-carry.jsonl"


def test_a_rule_that_ranks_as_the_larger_model_does_is_better() -> None:
    truth = np.random.default_rng(0).normal(size=32)
    noise = np.random.default_rng(1).normal(size=32)
    found = compare(truth.tolist(), (truth + 2 * noise).tolist(), truth.tolist())
    assert found.tokens == 1 and found.shares < 0.6
    assert 0 < found.low <= found.tokens - found.shares <= found.high


def test_tau_is_kendalls_tau_b_with_ties_on_either_side() -> None:
    truth, shares, tokens = np.random.default_rng(3).integers(6, size=(3, 24)).tolist()
    found = compare(truth, shares, tokens)
    assert found.shares == pytest.approx(kendalltau(truth, shares).statistic)
    assert found.tokens == pytest.approx(kendalltau(truth, tokens).statistic)


def test_rules_that_rank_alike_differ_by_nothing() -> None:
    truth = np.random.default_rng(0).normal(size=32).tolist()
    found = compare(truth, truth, truth)
    assert (found.low, found.high) == (0, 0)


def test_the_other_way_round_the_sign_turns() -> None:
    truth, shares, tokens = np.random.default_rng(2).normal(size=(3, 24)).tolist()
    found, turned = compare(truth, shares, tokens), compare(truth, tokens, shares)
    assert (turned.shares, turned.tokens) == (found.tokens, found.shares)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_both_sides_have_the_same_seeds() -> None:
    """The shipped table has two, and a mean of two would rank better whatever the rule."""
    table = read_table(SHIPPED)
    assert {row.seed for row in with_seeds(table, [0]).rows} == {0} < {row.seed for row in table.rows}


def test_every_kind_has_a_row_for_every_rung(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(TABLE)]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("| size | patterns that it changes |")
    num_rungs = len(read_table(TABLE).plan.rungs)
    assert [row.split("|")[1].strip() for row in rows] == [kind for kind in OTHER for _ in range(2 * num_rungs - 1)]


def test_a_file_that_is_no_table_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    shown = capsys.readouterr()
    assert not shown.out and shown.err.startswith("carry.py: ") and shown.err.count("\n") == 1
