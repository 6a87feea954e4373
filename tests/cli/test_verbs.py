import json
from pathlib import Path

import pytest

from nas.costs.counting import cost_for
from nas.patterns.file import load_pattern


@pytest.fixture
def pattern_file(study: Path) -> Path:
    return study / "trials" / "00006" / "pattern.json"


class TestShow:
    def test_lists_the_front_and_the_baselines(self, nas, study: Path) -> None:
        outcome = nas("show", str(study))
        assert outcome.code == 0
        front = json.loads((study / "front.json").read_text())
        assert "toy" in outcome.out
        assert all(str(point["trial"]) in outcome.out for point in front["points"])
        assert "full" in outcome.out

    def test_json_is_the_file(self, nas, study: Path) -> None:
        assert nas("show", str(study), "--json").out == (study / "front.json").read_text()

    def test_a_study_is_found_by_name_under_runs(
        self, nas, study: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "runs").symlink_to(study.parent)
        monkeypatch.chdir(tmp_path)
        assert nas("show", "toy").out == nas("show", str(study)).out
        assert "Known under runs/: toy" in nas("show", "toys").err


class TestDraw:
    def test_a_file_and_its_trial_are_the_same_drawing(self, nas, study: Path, pattern_file: Path) -> None:
        outcome = nas("draw", str(pattern_file))
        assert outcome.code == 0
        assert "█" in outcome.out
        assert nas("draw", f"{study}#6").out == outcome.out

    def test_tokens_set_the_length(self, nas, pattern_file: Path) -> None:
        assert nas("draw", str(pattern_file), "--tokens", "8").out != nas("draw", str(pattern_file)).out

    def test_a_picture(self, nas, pattern_file: Path, in_tmp_path: Path) -> None:
        outcome = nas("draw", str(pattern_file), "--tokens", "16", "--out", "p.png")
        assert (outcome.code, outcome.out) == (0, "p.png\n")
        assert Path("p.png").read_bytes().startswith(b"\x89PNG")

    def test_a_baseline_goes_by_its_name(self, nas) -> None:
        assert nas("draw", "longformer", "--tokens", "32").out == nas("draw", "longformer").out
        shaped = nas("draw", "swin", "--grid", "4x6", "--bidirectional", "--layers", "4", "--heads", "3")
        assert shaped.out.startswith("layers 0, 2, heads 0-2: tile height=2 width=3; 25.0% of full")

    def test_a_file_with_the_name_of_a_baseline_comes_first(self, nas, pattern_file: Path, in_tmp_path: Path) -> None:
        Path("full").write_text(pattern_file.read_text())
        assert nas("draw", "full").out == nas("draw", str(pattern_file)).out


class TestCost:
    def test_a_baseline_is_scaled_to_the_length_that_is_counted(self, nas) -> None:
        document = json.loads(
            nas("cost", "longformer", "--tokens", "64", "--layers", "1", "--heads", "1", "--json").out
        )
        assert document["pairs"] == 64 * 8 - 8 * 7 // 2 + 56  # a window of 8 keys, and the first token
        own = json.loads(nas("cost", "streaming", "--target", "llama-3-8b-32k", "--json").out)
        assert own["num_tokens"] == 32768

    def test_json_has_every_number_and_its_share_of_full_attention(self, nas, pattern_file: Path) -> None:
        document = json.loads(nas("cost", str(pattern_file), "--tokens", "96", "--json").out)
        ratio = document.pop("ratio_to_full")
        assert document == cost_for(load_pattern(pattern_file), 96).to_dict()
        assert ratio.keys() == document.keys()
        assert 0 < ratio["attention_flops"] <= 1

    def test_full_attention_costs_as_much_as_full_attention(self, nas, study: Path) -> None:
        ratio = json.loads(nas("cost", f"{study}#0", "--tokens", "96", "--json").out)["ratio_to_full"]
        assert set(ratio.values()) == {1.0}

    def test_a_target_brings_its_own_length(self, nas, pattern_file: Path) -> None:
        own = json.loads(nas("cost", str(pattern_file), "--target", "llama-3-8b-32k", "--json").out)
        shorter = json.loads(
            nas("cost", str(pattern_file), "--target", "llama-3-8b-32k", "--tokens", "1024", "--json").out
        )
        assert (own["num_tokens"], shorter["num_tokens"]) == (32768, 1024)
        assert own["num_parameters"] == shorter["num_parameters"] > 8e9

    def test_for_people(self, nas, pattern_file: Path) -> None:
        lines = nas("cost", str(pattern_file), "--tokens", "4096").out.splitlines()
        assert lines[0].split() == ["num_tokens", "4,096"]
        assert any(line.startswith("attention_flops") and "of full attention" in line for line in lines)


class TestExport:
    def test_the_knee_is_the_default(self, nas, study: Path, in_tmp_path: Path) -> None:
        nas("export", str(study), "--format", "pattern", "--out", "a")
        nas("export", str(study), "--best", "knee", "--format", "pattern", "--out", "b")
        assert Path("a/pattern.json").read_text() == Path("b/pattern.json").read_text()

    def test_one_trial(self, nas, study: Path, in_tmp_path: Path, pattern_file: Path) -> None:
        outcome = nas("export", str(study), "--trial", "6", "--format", "pattern", "--out", "a")
        assert outcome.code == 0
        assert "a/pattern.json" in outcome.out.splitlines()
        assert load_pattern("a/pattern.json") == load_pattern(pattern_file)

    def test_the_whole_front(self, nas, study: Path, in_tmp_path: Path) -> None:
        nas("export", str(study), "--front", "--format", "flex", "--out", "all")
        front = json.loads((study / "front.json").read_text())
        assert len(list(Path("all").iterdir())) == len(front["points"])

    def test_only_force_replaces(self, nas, study: Path, in_tmp_path: Path) -> None:
        words = ("export", str(study), "--format", "pattern", "--out", "a")
        assert nas(*words).code == 0
        refused = nas(*words)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "--force" in refused.err
        assert nas(*words, "--force").code == 0

    def test_a_refusal_names_primitive_layer_heads_and_the_nearest(self, nas, study: Path, in_tmp_path: Path) -> None:
        """Trial 2 is the baseline sparse_transformer_strided."""
        refused = nas("export", str(study), "--trial", "2", "--format", "minference", "--out", "a")
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "minference: cannot represent 'stride' in layer 0, heads 0 to 3" in refused.err
        assert "The nearest point of the front" in refused.err or "No other point of the front" in refused.err
        assert not Path("a").exists()

    def test_what_was_exported_is_verified(self, nas, study: Path, in_tmp_path: Path) -> None:
        assert nas("export", str(study), "--trial", "0", "--format", "minference", "--out", "a").code == 0
        outcome = nas("verify", "a")
        assert outcome.code == 0 and "equal, read by nas" in outcome.out
        readme = Path("a/README.md").read_text()
        assert "(baseline full)" in readme and "| attention_flops |" in readme


class TestDoctor:
    def test_json(self, nas, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WANDB_API_KEY", "a-very-secret-key")
        outcome = nas("doctor", "--json")
        assert outcome.code == 0
        assert "a-very-secret-key" not in outcome.out
        document = json.loads(outcome.out)
        assert document["weights_and_biases"] == {"default_mode": "offline", "key_in_environment": True}
        assert document["versions"]["torch"].startswith("2.")
        assert len(document["default_corpus"]["sha256"]) == 64
        assert (Path(document["configuration"]["folder"]) / "config.yaml").is_file()

    def test_for_people(self, nas) -> None:
        lines = nas("doctor").out.splitlines()
        assert lines[0] == "versions"
        assert any(line.split()[:3] == ["key", "in", "environment"] and line.endswith("no") for line in lines)


@pytest.mark.slow
class TestTrack:
    def test_records_every_run_from_the_folder(self, nas, study: Path) -> None:
        outcome = nas("track", str(study))
        assert (outcome.code, outcome.err) == (0, "")
        num_trials = len(list(study.glob("trials/*/trial.json")))
        assert outcome.out.startswith(f"{num_trials + 1} runs recorded offline")
        assert len(list(study.glob("wandb/*run-*"))) == num_trials + 1
