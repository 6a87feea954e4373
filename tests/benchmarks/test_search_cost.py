"""The report on what a good front costs to find."""

import pytest
import search_cost
from search_methods.search import Search


def test_the_report_counts_in_full_runs(capsys: pytest.CaptureFixture[str]) -> None:
    curve = [(40.0, 0.5), (60.0, 0.92), (90.0, 0.96)]
    search_cost.report({"mine": [Search(curve, 0.25, (1, 3, 2))], "hopeless": [Search(curve[:1], -0.5, (1,))]}, unit=10)
    *_, mine, hopeless = capsys.readouterr().out.splitlines()
    at_budgets = "0.500 (0.500 to 0.500) | 0.960 (0.960 to 0.960)"
    assert mine.startswith(f"| mine | {at_budgets} |")
    assert mine.endswith("| 6.0 | 9.0 | 0.25 (0.25 to 0.25) | 2, 3 |")
    assert "| - | - |" in hopeless
