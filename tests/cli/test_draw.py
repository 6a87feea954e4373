from pathlib import Path

import pytest
from msgspec.structs import replace

from nas.patterns.carry import carried
from nas.patterns.drawing.model_map import draw_map
from nas.results.study import StudyReader


def test_a_file_and_its_trial_are_the_same_drawing(nas, study: Path, pattern_file: Path) -> None:
    outcome = nas("draw", str(pattern_file))
    assert outcome.code == 0
    assert "█" in outcome.out
    assert nas("draw", f"{study}#6").out == outcome.out


def test_a_trial_for_a_target_is_drawn_at_a_length_at_which_its_windows_can_be_told_apart(
    nas, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its windows of hundreds of keys would all look full at 32 tokens."""
    known = StudyReader(study).trial(6)
    carried_pattern = carried(known.pattern, 64, 4096)[0]
    long = replace(known, pattern=carried_pattern, proxy_pattern=known.pattern)
    monkeypatch.setattr(StudyReader, "trial", lambda reader, number: long)
    drawn = nas("draw", f"{study}#6").out
    assert draw_map(carried_pattern) in drawn
    assert " tokens on 32 x 32 cells" in drawn
    assert nas("draw", f"{study}#6", "--tokens", "32").out != drawn


def test_tokens_set_the_length(nas, pattern_file: Path) -> None:
    assert nas("draw", str(pattern_file), "--tokens", "8").out != nas("draw", str(pattern_file)).out


def test_a_picture(nas, pattern_file: Path, in_tmp_path: Path) -> None:
    outcome = nas("draw", str(pattern_file), "--tokens", "16", "--out", "p.png")
    assert (outcome.code, outcome.out) == (0, "p.png\n")
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")


def test_a_baseline_goes_by_its_name(nas) -> None:
    assert nas("draw", "longformer", "--tokens", "32").out == nas("draw", "longformer").out
    shaped = nas("draw", "swin", "--grid", "4x6", "--bidirectional", "--layers", "4", "--heads", "3")
    assert shaped.out.startswith("layer  heads\n0      A A A\n1      B B B\n2      A A A\n3      B B B\n\nA  own tile ")
    assert "\nlayers 0, 2, heads 0-2: own tile of 2 rows by 3 columns; 25.0% of full\n" in shaped.out


def test_a_file_with_the_name_of_a_baseline_comes_first(nas, pattern_file: Path, in_tmp_path: Path) -> None:
    Path("full").write_text(pattern_file.read_text())
    assert nas("draw", "full").out == nas("draw", str(pattern_file)).out
