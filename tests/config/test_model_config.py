import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.config.model_config import MOST_CONFIG_BYTES, names_a_file, read_model_config
from nas.config.target import load_target
from nas.costs.native import native_pattern
from nas.costs.target import Target
from nas.errors import InputError
from tests.published_configs import PUBLISHED

SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "max_position_embeddings": 512,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "vocab_size": 100,
}


def write(folder: Path, document: object) -> Path:
    file = folder / "config.json"
    file.write_text(json.dumps(document))
    return file


def read(folder: Path, **keys: object) -> Target:
    return read_model_config(write(folder, {key: value for key, value in (SIZES | keys).items() if value != "absent"}))


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_shipped_target_is_what_the_published_file_says(tmp_path: Path, name: str) -> None:
    shipped, found = load_target(name), read_model_config(write(tmp_path, PUBLISHED[name]))
    assert shipped is not None
    assert native_pattern(found, 32768) == native_pattern(shipped, 32768)
    own = {"name": name, "num_tokens": shipped.num_tokens, "native_windows": shipped.native_windows}
    assert replace(found, **own) == shipped  # type: ignore[arg-type]


def test_every_shipped_target_has_its_published_file() -> None:
    folder = Path(__file__).parents[2] / "conf" / "target"
    assert {file.stem for file in folder.glob("*.yaml")} == PUBLISHED.keys()


def test_what_a_file_leaves_out(tmp_path: Path) -> None:
    target = read(tmp_path, model_type="llama")
    assert (target.name, target.num_tokens, target.num_kv_heads, target.d_head) == (tmp_path.name, 512, 4, 16)
    assert (target.bytes_per_element, target.tied_embeddings, target.native_windows) == (2, False, [None] * 3)
    assert read(tmp_path, model_type="llama", num_key_value_heads=None, head_dim=None) == target
    assert read(tmp_path, model_type="llama", torch_dtype="float32").bytes_per_element == 4
    assert read(tmp_path, model_type="llama", dtype="float32", torch_dtype="float16").bytes_per_element == 4


def test_a_model_of_text_and_pictures_gives_its_text_model(tmp_path: Path) -> None:
    inner = SIZES | {"model_type": "llama"}
    outer = {"text_config": inner, "vision_config": {"hidden_size": 7}, "tie_word_embeddings": True, "hidden_size": 8}
    target = read_model_config(write(tmp_path, outer))
    assert (target.d_model, target.tied_embeddings) == (64, True)


def test_experts_count_as_one_mlp_as_wide_as_those_that_a_token_picks(tmp_path: Path) -> None:
    experts = {"num_key_value_heads": 2, "num_local_experts": 32, "num_experts_per_tok": 3}
    assert read(tmp_path, model_type="gpt_oss", **experts).d_mlp == 3 * 96
    assert read(tmp_path, model_type="another", num_local_experts=1).d_mlp == 96


def test_paths_are_told_from_names() -> None:
    assert all(map(names_a_file, ("a/config.json", "./a", "config.json")))
    assert not any(map(names_a_file, ("llama-3.1-8b-32k", "proxy", "null")))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"vocab_size": "absent"}, "must have the key 'vocab_size', got \"model_type 'foo'\". Write its sizes to"),
        ({"model_type": "absent", "hidden_size": None}, "must have the key 'hidden_size', got \"model_type ''\"."),
        ({"hidden_size": "64"}, "hidden_size: must be a whole number, 1 or more, got '64'."),
        ({"hidden_size": True}, "hidden_size: must be a whole number, 1 or more, got True."),
        ({"num_hidden_layers": 0}, "num_hidden_layers: must be a whole number, 1 or more, got 0."),
        ({"num_hidden_layers": 10**12}, "num_hidden_layers: must be at most 512, got 1000000000000."),
        ({"num_key_value_heads": 3}, "target.num_kv_heads: must divide target.num_heads (4), got 3."),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings: must be true or false, got 'no'."),
        ({"num_local_experts": 8}, "num_local_experts: must be 1 or left out, as experts are read of gpt_oss alone"),
        ({"use_bidirectional_attention": True}, "use_bidirectional_attention: must not be true, as targets are causal"),
        ({"max_position_embeddings": 10**9}, "target.num_tokens: must be a whole number from 1 to 16777216"),
    ],
)
def test_what_cannot_be_a_target_is_named(tmp_path: Path, keys: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, **{"model_type": "foo"} | keys)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "config.json: must be a JSON file, got 'JSONDecodeError'."),
        (b"\xff{}", "config.json: must be a JSON file, got 'UnicodeDecodeError'."),
        (b"[" * 100_000, "config.json: must be a JSON file, got 'RecursionError'."),
        (b'{"hidden_size": ' + b"9" * 5000 + b"}", "config.json: must be a JSON file, got 'ValueError'."),
        (b"[]", "config.json: must hold a JSON object, got 'list'."),
        (b" " * (MOST_CONFIG_BYTES + 1), "config.json: must be at most 1,048,576 bytes long, got 1048577."),
    ],
    ids=["cut", "encoding", "nested", "digits", "list", "long"],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_model_config(file)
    assert message in str(caught.value)


def test_links_folders_and_nothing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, SIZES | {"model_type": "llama"})
    monkeypatch.chdir(tmp_path)  # a long path would be cut in the message
    Path("link.json").symlink_to(file)
    with pytest.raises(InputError, match=r"^target: must be a plain file, .* got 'link.json'\. Name the file that"):
        read_model_config(Path("link.json"))
    with pytest.raises(InputError, match=r"^target: must be a plain file, .*\. Name its config.json\.$"):
        read_model_config(tmp_path)
    with pytest.raises(InputError, match=r"^target: must be the config.json of a model \(No such file"):
        read_model_config(tmp_path / "nowhere.json")
    with pytest.raises(InputError, match=r"^target: must be the config.json of a model \(.*null"):
        read_model_config(tmp_path / "\0.json")
