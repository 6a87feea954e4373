"""The benchmark of anchors, from tables to what is printed and kept."""

import json
from pathlib import Path

import pytest
from anchors import findings, main, report
from claims.regime import Regime
from claims.text import TEXT_CLAIMS

from nas.tasks.synthetic.noisy_recall import NoisyRecallSettings
from tests.anchor_table import RECALL, scored, text_table, write_anchors

TABLES = Path(__file__).parents[2] / "tables"


def test_a_report_has_the_anchors_by_quality_and_a_row_for_each_claim() -> None:
    regime = Regime("mine", scored(text_table(), {"full": 1.5, "bigbird": 2.5}, usual=2.0))
    lines = report(regime, findings(regime))
    rows = [line for line in lines if line.startswith("| `")]
    assert lines[0].startswith("**mine: text, 64 tokens, 2 layers") and "Noise of one run: 0.0141 bits" in lines[2]
    assert rows[0] == "| `full` | 1.5000 | 2 | 1.00x | L0-1 4x full |"
    assert rows[-1].startswith("| `bigbird` | 2.5000 | 2 |")
    assert any("`local_global_1_to_1`, `growing_to_full`" in row and "L0 4x w2 \\| L1 4x full" in row for row in rows)
    claims = [line for line in lines if "**" in line][1:]
    assert len(claims) == len(TEXT_CLAIMS)
    assert claims[0].count("|") == 7 and "| +0.5000 | +0.4" in claims[0] and claims[0].endswith("| **holds** |")


def test_it_ends_well_whatever_the_verdicts_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = write_anchors(tmp_path / "text.jsonl")
    recall = write_anchors(tmp_path / "recall.jsonl", task=RECALL, token_shift=True)
    assert main([str(text), str(recall), "--out", str(tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    kept = json.loads((tmp_path / "out.json").read_text())
    assert [one["title"].split(":")[0] for one in kept] == ["text", "recall"]
    assert all(f"**{one['verdict']}**" in printed for regime in kept for one in regime["findings"])
    assert kept[0]["findings"][0].keys() >= {"claim", "difference", "interval", "verdict", "num_seeds", "pairs_share"}


def test_a_table_of_one_seed_has_the_noise_of_the_shipped_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(TABLES / "ladder" / "S-plain.jsonl")]) == 0
    printed = capsys.readouterr().out
    assert "Noise of one run, as in the table that stands for it: 0.0138" in printed and "**holds**" in printed
    assert main([str(TABLES / "ladder" / "M-plain.jsonl")]) == 0
    assert "Noise of one run, as in the table that stands for it: 0.0138" in capsys.readouterr().out
    silent = ["--noise-of", str(TABLES / "ladder" / "S-shift.jsonl")]
    assert main([str(TABLES / "ladder" / "M-plain.jsonl"), *silent]) == 0
    assert "nothing is decided" in capsys.readouterr().out  # neither table has two seeds
    assert main([str(TABLES / "ladder" / "S-plain.jsonl"), "--noise-of", "none.jsonl"]) == 2


def test_without_tables_the_documented_ones_are_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    titles = [line for line in capsys.readouterr().out.splitlines() if line.startswith("**")]
    assert [title.split(":")[0] for title in titles] == [
        "**tabular-text",
        "**S-base100",
        "**S-convolution",
        "**S-shift",
        "**M-plain",
        "**S-recall",
    ]


def test_bad_tables_end_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = NoisyRecallSettings(num_tokens=64, validation_sequences=8)
    other = write_anchors(tmp_path / "other.jsonl", seeds=1, task=task)
    for path, message in ((other, "other: task: must be text, tokens"), (tmp_path / "none", "readable table")):
        assert main([str(path)]) == 2
        shown = capsys.readouterr()
        assert not shown.out and shown.err.startswith("anchors.py: ") and message in shown.err
        assert shown.err.count("\n") == 1
