import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from nas.patterns.file import MadeFor, load_made_for, load_pattern
from nas.patterns.label import label
from nas.patterns.primitives import Full, Window
from nas.patterns.primitives.scale import CarryRules
from nas.results.study import StudyReader


def test_a_window_keeps_its_share_of_the_length(nas, in_tmp_path: Path) -> None:
    outcome = nas("carry", "sliding_window", "--from", "128", "--to", "4096", "--out", "long.json")
    assert outcome.code == 0 and outcome.out.splitlines()[-1] == "long.json"
    nas("carry", "long.json", "--from", "4096", "--to", "128", "--out", "short.json")
    short, long = (load_pattern(name).layers[0].heads[0].attend[0] for name in ("short.json", "long.json"))
    assert isinstance(short, Window) and isinstance(long, Window) and long.before + 1 == 32 * (short.before + 1)


def test_a_trial_goes_to_all_layers_and_heads_of_a_target(nas, study: Path, in_tmp_path: Path) -> None:
    """The length is the study's own, so it need not be said."""
    outcome = nas("carry", f"{study}#0", "--target", "llama-3-8b-32k", "--out", "pattern.json")
    assert outcome.code == 0
    pattern = load_pattern("pattern.json")
    assert (pattern.num_layers, pattern.num_heads) == (32, 32)
    own = json.loads((study / "trials" / "00000" / "pattern.json").read_text())
    assert pattern.layers[0].heads[0].attend == (Full(),) and own["layers"][0]["heads"][0]["attend"] == [
        {"kind": "full"}
    ]


def test_the_length_of_a_trial_is_that_of_its_sizes(nas, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study for a target: its patterns are of the target's length, whatever its proxy was."""
    front = StudyReader(study).front()
    aimed = replace(front, provenance=replace(front.provenance, pattern_tokens=4096))
    monkeypatch.setattr(StudyReader, "front", lambda reader: aimed)
    assert nas("carry", f"{study}#1", "--to", "4096").out == label(StudyReader(study).trial(1).pattern) + "\n"


def test_layers_go_to_a_target_by_depth_or_in_turn(nas) -> None:
    words = ("carry", "local_global", "--from", "128", "--target", "smollm2-135m-8k")
    assert nas(*words).out == "L0-14 9x w256 | L15-29 9x full\n"
    assert nas(*words, "--rule", "layers=period").out == "L0-28/2 9x w256 | L1-29/2 9x full\n"


def test_a_file_knows_what_it_was_made_for_and_carried_from(nas, tmp_path: Path) -> None:
    up, down, bare = (str(tmp_path / name) for name in ("up.json", "down.json", "bare.json"))
    words = ("local_global", "--from", "128", "--to", "4096", "--rule", "stride=tokens")
    assert nas("carry", *words, "--out", up).code == 0
    assert load_made_for(up) == MadeFor(num_tokens=4096, carried_from=128, carry=CarryRules(stride="tokens"))
    assert nas("carry", up, "--to", "128", "--out", down).code == 0
    assert label(load_pattern(down)) == "L0 4x w4 | L1 4x full"
    Path(bare).write_text(json.dumps(load_pattern(down).to_dict()))
    outcome = nas("carry", bare, "--to", "64")
    assert outcome.code == 2 and "--from: must be given for a pattern file without made_for" in outcome.err


def test_rules_and_what_was_rounded_are_said(nas) -> None:
    words = ("carry", "streaming", "--from", "100", "--to", "130")
    outcome = nas(*words)
    assert "rounded layers[0].heads[0].attend" in outcome.out and " of 100 tokens would be " in outcome.out
    kept = nas(*words, "--rule", "window=tokens", "--rule", "first=tokens")
    assert kept.code == 0 and "rounded" not in kept.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("full", "--to", "64"), "--from: must be given for a baseline"),
        (("full", "--from", "64"), "one of the arguments --to --target is required"),
        (("full", "--from", "64", "--target", "proxy"), "--target: must be a target with a length of its own"),
        (("full", "--from", "64", "--to", "0"), "argument --to: must be a whole number from 1 to"),
        (
            ("sliding_window", "--from", "32768", "--to", "2"),
            "layers[0].heads[0].attend[0].before: must be 24576 or more, to be 2 or more at 2 tokens",
        ),
        (
            ("full", "--from", "64", "--to", "8", "--rule", "window=half"),
            "argument --rule: must be one of window=share|tokens, first=share|tokens, ",
        ),
    ],
)
def test_what_cannot_be_carried_is_one_line(nas, words: tuple[str, ...], message: str) -> None:
    outcome = nas("carry", *words)
    assert outcome.code == 2 and message in outcome.err and outcome.err.count("\n") == 1
