import json
import shutil
from pathlib import Path

from nas.patterns.file import load_pattern


def test_the_knee_is_the_default(nas, study: Path, in_tmp_path: Path) -> None:
    nas("export", str(study), "--format", "pattern", "--out", "a")
    nas("export", str(study), "--best", "knee", "--format", "pattern", "--out", "b")
    assert Path("a/pattern.json").read_text() == Path("b/pattern.json").read_text()


def test_one_trial(nas, study: Path, in_tmp_path: Path, pattern_file: Path) -> None:
    outcome = nas("export", str(study), "--trial", "6", "--format", "pattern", "--out", "a")
    assert outcome.code == 0
    assert "a/pattern.json" in outcome.out.splitlines()
    assert load_pattern("a/pattern.json") == load_pattern(pattern_file)


def test_the_whole_front(nas, study: Path, in_tmp_path: Path) -> None:
    nas("export", str(study), "--front", "--format", "flex", "--out", "all")
    front = json.loads((study / "front.json").read_text())
    assert len(list(Path("all").iterdir())) == len(front["points"])


def test_only_force_replaces(nas, study: Path, in_tmp_path: Path) -> None:
    words = ("export", str(study), "--format", "pattern", "--out", "a")
    assert nas(*words).code == 0
    refused = nas(*words)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "--force" in refused.err
    assert nas(*words, "--force").code == 0


def test_a_refusal_names_primitive_layer_heads_and_the_nearest(nas, study: Path, in_tmp_path: Path) -> None:
    """Trial 2 is the baseline sparse_transformer_strided."""
    refused = nas("export", str(study), "--trial", "2", "--format", "minference", "--out", "a")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "minference: cannot represent 'stride' in layer 0, heads 0 to 3" in refused.err
    assert "The nearest point of the front" in refused.err or "No other point of the front" in refused.err
    assert not Path("a").exists()


def test_the_readme_names_the_trial_and_its_costs(nas, study: Path, in_tmp_path: Path) -> None:
    assert nas("export", str(study), "--trial", "0", "--format", "pattern", "--out", "a").code == 0
    readme = Path("a/README.md").read_text()
    assert "(baseline full)" in readme and "| attention_flops |" in readme


def test_a_model_that_would_drop_the_windows_in_silence_is_refused_in_one_line(nas, study: Path, in_tmp_path: Path):
    """Trial 0 is full attention in all layers."""
    front = json.loads((study / "front.json").read_text())
    layers = next(one for one in front["baselines"] + front["points"] if one["trial"] == 0)["pattern"]["layers"]
    sizes = {"num_hidden_layers": len(layers), "num_attention_heads": sum(one["count"] for one in layers[0]["heads"])}
    words = ("export", str(study), "--trial", "0", "--format", "mlx-lm", "--out", "a", "--model", "config.json")
    Path("config.json").write_text(json.dumps(sizes | {"model_type": "qwen3"}))
    refused = nas(*words)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "--model: must be a model whose windows mlx-lm reads" in refused.err and "qwen3" in refused.err
    assert not Path("a").exists()
    Path("config.json").write_text(json.dumps(sizes | {"model_type": "llama"}))
    assert nas(*words).code == 0


def test_the_checkpoint_that_was_searched_is_the_model_unless_another_is_named(nas, study: Path, in_tmp_path: Path):
    study = Path(shutil.copytree(study, "study"))
    words = ("export", str(study.absolute()), "--trial", "0", "--format", "mlx-lm", "--out", "a")
    layers = json.loads((study / "trials/00000/pattern.json").read_text())["layers"]
    sizes = {"num_hidden_layers": len(layers), "num_attention_heads": sum(one["count"] for one in layers[0]["heads"])}
    for kind, named in (("qwen3", {}), ("llama", sizes)):  # some architectures name their sizes otherwise
        Path(kind).mkdir()
        Path(kind, "config.json").write_text(json.dumps(named | {"model_type": kind}))
    settings = study / "config.yaml"
    settings.write_text(settings.read_text().replace("checkpoint: null", "checkpoint: ./qwen3"))
    assert "checkpoint: ./qwen3" in settings.read_text()
    refused = nas(*words)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "checkpoint: must be a model whose windows mlx-lm reads" in refused.err and "qwen3" in refused.err
    assert nas(*words, "--model", "llama/config.json").code == 0
    Path("qwen3/config.json").unlink()
    assert nas(*words, "--force").code == 0


def test_a_model_that_cannot_be_read_is_told(nas, study: Path, in_tmp_path: Path):
    refused = nas("export", str(study), "--format", "vllm", "--out", "a", "--model", "nowhere.json")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "--model: must be the config.json of a model" in refused.err
