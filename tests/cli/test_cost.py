import json
from pathlib import Path

from nas.costs.counting import cost_for
from nas.patterns.file import load_pattern
from nas.results.cost import UNITS
from tests.published_configs import PUBLISHED


def test_a_baseline_is_scaled_to_the_length_that_is_counted(nas) -> None:
    document = json.loads(nas("cost", "longformer", "--tokens", "64", "--layers", "1", "--heads", "1", "--json").out)
    assert document["pairs"] == 64 * 8 - 8 * 7 // 2 + 56  # a window of 8 keys, and the first token
    own = json.loads(nas("cost", "streaming", "--target", "llama-3-8b-32k", "--json").out)
    assert own["num_tokens"] == 32768


def test_json_has_every_number_and_its_share_of_full_attention(nas, pattern_file: Path) -> None:
    document = json.loads(nas("cost", str(pattern_file), "--tokens", "96", "--json").out)
    ratio = document.pop("ratio_to_full")
    assert document == cost_for(load_pattern(pattern_file), 96).to_dict()
    assert ratio.keys() == document.keys()
    assert 0 < ratio["attention_flops"] <= 1


def test_full_attention_costs_as_much_as_full_attention(nas, study: Path) -> None:
    ratio = json.loads(nas("cost", f"{study}#0", "--tokens", "96", "--json").out)["ratio_to_full"]
    assert set(ratio.values()) == {1.0}


def test_a_target_brings_its_own_length(nas, pattern_file: Path) -> None:
    own = json.loads(nas("cost", str(pattern_file), "--target", "llama-3-8b-32k", "--json").out)
    shorter = json.loads(nas("cost", str(pattern_file), "--target", "llama-3-8b-32k", "--tokens", "1024", "--json").out)
    assert (own["num_tokens"], shorter["num_tokens"]) == (32768, 1024)
    assert own["num_parameters"] == shorter["num_parameters"] > 8e9


def test_native_is_the_pattern_of_the_target(nas, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(PUBLISHED["gpt-oss-20b-32k"]))
    words = ("cost", "native", "--tokens", "256", "--json", "--target")
    document = json.loads(nas(*words, str(file)).out)
    windows = 128 * 129 // 2 + 128 * 128  # keys of 256 queries, 128 at most
    assert document["pairs"] == 64 * 12 * (windows + 256 * 257 // 2)
    assert document == json.loads(nas(*words, "gpt-oss-20b-32k").out)


def test_for_people(nas, pattern_file: Path) -> None:
    lines = nas("cost", str(pattern_file), "--tokens", "4096").out.splitlines()
    assert lines[0].split() == ["num_tokens", "4,096"]
    phases = [line for line in lines if not line.startswith(" ")]
    assert phases[1:] == ["prefill", "decode", "training", "model"]
    shown = {line.split()[0]: line for line in lines if line.startswith(" ")}
    assert shown.keys() == UNITS.keys()
    assert all("of full attention" in line for line in shown.values())


def test_tiles_have_the_size_that_is_asked_for(nas) -> None:
    words = ("cost", "streaming", "--tokens", "64", "--json")
    assert json.loads(nas(*words).out)["ratio_to_full"]["tiles"] == 1
    assert json.loads(nas(*words, "--block", "4").out)["ratio_to_full"]["tiles"] < 1
    grid = ("cost", "neighborhood", "--grid", "32x32", "--bidirectional", "--json")
    by_row = json.loads(nas(*grid, "--block", "64").out)["tiles"]
    assert json.loads(nas(*grid, "--grid-tile", "8x8").out)["tiles"] < by_row


def test_tiles_of_a_sequence_with_too_many_are_not_counted(nas) -> None:
    words = ("cost", "streaming", "--tokens", "16777216")
    document = json.loads(nas(*words, "--json").out)
    assert document["tiles"] is document["tile_flops"] is None
    assert document["pairs"] > 0 and document["ratio_to_full"].keys() == document.keys() - {
        "tiles",
        "tile_flops",
        "ratio_to_full",
    }
    lines = [line.split(maxsplit=1) for line in nas(*words).out.splitlines()]
    assert [one for one in lines if "not counted" in one[-1]] == [
        [name, "not counted beyond 2,097,152 tokens"] for name in ("tiles", "tile_flops")
    ]


def test_a_grid_brings_its_own_length(nas) -> None:
    words = ("cost", "cswin", "--grid", "8x8", "--bidirectional", "--json")
    assert nas(*words).out == nas(*words, "--tokens", "64").out


WORDS = ("cost", "longformer", "--tokens", "64", "--layers", "1", "--heads", "2")


def test_measured_costs_stand_beside_the_counted_ones(nas) -> None:
    plain = json.loads(nas(*WORDS, "--json").out)
    document = json.loads(nas(*WORDS, "--measure", "--json").out)
    measured = document.pop("measured")
    assert document == plain
    assert [one["profile"]["conditions"]["phase"] for one in measured] == ["prefill", "decode", "train"]
    for one in measured:
        assert one["profile"]["latency_ms"] > 0 and one["profile"]["peak_memory_bytes"] > 0
        assert one["profile"]["conditions"]["num_tokens"] == 64
        assert set(one["ratio_to_full"]) == {"latency_ms", "peak_memory_bytes"}


def test_a_phase_is_measured_alone_and_shown_with_its_spread(nas) -> None:
    shown = nas(*WORDS, "--measure", "--phase", "decode")
    text = shown.out
    assert shown.err.startswith("measuring full attention and the pattern: one decoding step after 64 tokens")
    assert text.count("Measured: ") == 1 and "Measured: one decoding step after 64 tokens" in text
    (latency,) = [line for line in text.splitlines() if line.startswith("latency_ms")]
    assert " ms ± " in latency and latency.endswith("x of full attention")


def test_a_bidirectional_pattern_is_not_decoded(nas) -> None:
    document = json.loads(nas(*WORDS, "--bidirectional", "--measure", "--json").out)
    assert [one["profile"]["conditions"]["phase"] for one in document["measured"]] == ["prefill", "train"]
    failed = nas(*WORDS, "--bidirectional", "--measure", "--phase", "decode")
    assert (failed.code, "target.phase: must not be decode for a bidirectional model" in failed.err) == (2, True)


def test_tiles_of_a_grid_are_refused_without_one(nas) -> None:
    failed = nas(*WORDS, "--grid-tile", "8x8")
    assert (failed.code, failed.out) == (2, "")
    assert failed.err.startswith("nas: error: --grid-tile: must go with a pattern on a grid")


def test_a_phase_without_a_measurement_is_refused(nas) -> None:
    failed = nas(*WORDS, "--phase", "decode")
    assert (failed.code, failed.out) == (2, "")
    assert failed.err == "nas: error: --phase: must go with --measure, got 'decode' alone. Add --measure.\n"
