import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from nas.config.load import load_settings, to_yaml
from nas.config.model_config import read_model_config
from nas.config.read import read_settings
from nas.config.settings import RunSettings
from nas.costs.target import Target, TargetOptions
from nas.errors import InputError, NasError
from nas.tasks.catalog import TASKS
from nas.tasks.language.text import TextSettings
from nas.tasks.synthetic.listops import ListopsSettings
from nas.tasks.synthetic.recall import RecallSettings
from nas.tasks.vision.image import ImageSettings
from tests.published_configs import PUBLISHED


def load(*words: str, config_dir: Path | None = None) -> RunSettings:
    (settings,) = load_settings(words, config_dir=config_dir)
    return settings


def test_nothing_said_is_the_quick_preset() -> None:
    settings = load()
    assert settings == load("preset=quick")
    assert (settings.preset, settings.sampler, settings.target) == ("quick", "ehvi", None)
    assert isinstance(settings.task, TextSettings)


@pytest.mark.parametrize("preset", ["smoke", "quick", "overnight", "gpu"])
def test_presets_name_themselves_and_their_study(preset: str) -> None:
    settings = load(f"preset={preset}")
    assert (settings.preset, settings.study) == (preset, preset)


def test_presets_grow() -> None:
    smoke, quick, overnight = (load(f"preset={name}") for name in ("smoke", "quick", "overnight"))
    assert smoke.num_trials < quick.num_trials < overnight.num_trials
    assert smoke.training.num_steps < quick.training.num_steps < overnight.training.num_steps


@pytest.mark.parametrize("words", [("preset=smoke", "num_trials=3"), ("num_trials=3", "preset=smoke")])
def test_the_command_line_overrides_the_preset(words: tuple[str, ...]) -> None:
    settings = load(*words)
    assert (settings.num_trials, settings.preset) == (3, "smoke")


@pytest.mark.parametrize("preset", ["smoke", "quick", "overnight", "gpu"])
@pytest.mark.parametrize("task", TASKS)
def test_every_task_goes_with_every_preset(task: str, preset: str) -> None:
    """Presets say nothing that some task cannot have, such as the length of a picture."""
    assert (
        load(f"task={task}", f"preset={preset}", "task.path=data.bin" if task == "tokens" else "seed=0").task.name
        == task
    )


def test_a_key_that_the_task_has_not_is_refused_all_the_same() -> None:
    with pytest.raises(InputError, match=r"^task.num_tokens: unknown key"):
        load("task=image", "preset=smoke", "task.num_tokens=64")


def test_further_tasks_are_names_or_settings_and_read_back() -> None:
    settings = load("extra_tasks=[recall,{name: listops, num_tokens: 48}]", "task_quality=mean_rank")
    assert settings.extra_tasks == [RecallSettings(), ListopsSettings(num_tokens=48)]
    assert read_settings(RunSettings, yaml.safe_load(to_yaml(settings))) == settings


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("extra_tasks=recall", r"^extra_tasks: must be a list"),
        ("extra_tasks=[recal]", r"^extra_tasks\[0\].name: unknown name; .*Did you mean 'recall'"),
        ("extra_tasks=[recall,3]", r"^extra_tasks\[1\]: must be a name, or a mapping with a name, got 3"),
        ("extra_tasks=[{name: recall, num_token: 3}]", r"^extra_tasks\[0\].num_token: unknown key.*'num_tokens'"),
        (
            "extra_tasks=[{name: recall, num_tokens: 3}]",
            r"^extra_tasks\[0\].num_tokens: must be .*lower extra_tasks\[0\].num_pairs",
        ),
        ("task_quality=mean", "^task_quality: must be one of 'separate', 'mean_rank'"),
        ("training.test_lengths=[1]", "^training.test_lengths: must hold different whole numbers of 2 or more"),
        ("training.test_lengths=[65]", "^training.test_lengths: must be at most 64 each"),
        ("objectives=[quality_16x,flops]", r"^objectives\[0\]: must be a length of training.test_lengths.*Add 16"),
    ],
)
def test_what_is_wrong_with_tasks_and_lengths_is_named(word: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(word)


def test_a_preset_overrides_the_task_it_is_used_with() -> None:
    assert load("task=recall").task.validation_sequences == 512
    assert load("task=recall", "preset=smoke").task.validation_sequences == 64


def test_a_space_or_a_preset_may_bring_a_task_and_the_command_line_wins() -> None:
    assert load("space=cswin").task == ImageSettings()
    masked, overnight = load("space=linformer", "preset=smoke").task, load("preset=overnight").task
    assert isinstance(masked, TextSettings) and masked.prediction == "masked"
    assert isinstance(overnight, TextSettings) and overnight.num_tokens == 512
    assert load("preset=overnight", "space=cswin").task == ImageSettings()
    assert load("preset=overnight", "space=linformer", "task=listops").task.name == "listops"


def test_choosing_a_task_brings_its_settings_and_no_others() -> None:
    assert load("task=recall", "task.num_pairs=4").task == RecallSettings(num_pairs=4)


def test_a_target_is_read_from_the_config_of_a_model(tmp_path: Path) -> None:
    folder = tmp_path / "it's, [mine]"
    folder.mkdir()
    file = folder / "config.json"
    file.write_text(json.dumps(PUBLISHED["gemma-3-1b-32k"]))
    expected = read_model_config(file)
    assert load(f"target={file}").target == expected
    mended = replace(expected, num_tokens=4096, block=64)
    assert load("target.num_tokens=4096", f"target={file}", "target.block=64").target == mended
    assert load(f"target={file}", "target.num_tokens=4096", "target.block=64").target == mended


def test_a_target_is_chosen_by_name_and_mended_by_key() -> None:
    target = load("target=llama-3-8b-32k", "target.num_tokens=8192").target
    assert isinstance(target, Target)
    assert (target.name, target.num_layers, target.num_tokens) == ("llama-3-8b-32k", 32, 8192)
    assert load("target=proxy").target is None
    assert load("target.phase=decode").target == TargetOptions(phase="decode")
    assert load("target=proxy", "target.block=16", "target.grid_tile=[4,4]").target == TargetOptions(
        block=16, grid_tile=[4, 4]
    )
    assert load("target=qwen2.5-0.5b-32k", "target.phase=train").target.phase == "train"
    assert load("target=null").target is None


def test_a_space_of_the_users_own() -> None:
    space = load("space=my_module:MySpace", "space.options.width=[8,16]").space
    assert (space.attribute, space.options) == ("my_module:MySpace", {"width": [8, 16]})


def test_options_of_a_shipped_space_are_added_to_its_own() -> None:
    options = load("space.options.window_tokens=[8,16]").space.options
    assert options["window_tokens"] == [8, 16]
    assert options["dilation"] == [1, 2, 4]


def test_whole_numbers_stand_for_floats() -> None:
    rate = load("training.learning_rate=1").training.learning_rate
    assert isinstance(rate, float)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("task.path=~/notes.txt", "~/notes.txt"),
        ("task.path=a b/ü#1.txt", "a b/ü#1.txt"),
        ("task.path=src/**/*.md", "src/**/*.md"),
        ("task.path='a,b'", "a,b"),
        ("task.path=it's", "it's"),
        ("task.path=C:\\texts\\", "C:\\texts\\"),
        ("task.path=007", "007"),
        ("task.path=1e3", "1e3"),
        ("task.path=true", "true"),
    ],
)
def test_text_is_taken_as_it_stands(word: str, text: str) -> None:
    task = load(word).task
    assert isinstance(task, TextSettings)
    assert task.path == text


def test_null_is_no_text() -> None:
    task = load("task.path=null").task
    assert isinstance(task, TextSettings)
    assert task.path is None


def test_a_value_may_refer_to_another_key() -> None:
    assert load("seed=7", "study=s${seed}").study == "s7"


@pytest.mark.parametrize("words", [(), ("task=recall", "target=llama-3-8b-32k", "tracking=none", "space=a:B")])
def test_what_cfg_shows_reads_back_as_the_same_settings(words: tuple[str, ...]) -> None:
    settings = load(*words)
    assert read_settings(RunSettings, yaml.safe_load(to_yaml(settings))) == settings


def test_an_environment_variable_never_becomes_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "s3cret")
    with pytest.raises(InputError) as raised:
        load("study=${oc.env:SOME_SECRET}")
    assert "s3cret" not in str(raised.value)


class TestMultirun:
    def names(self, *words: str) -> list[str]:
        return [settings.study for settings in load_settings(words, multirun=True)]

    def test_each_value_gets_a_study_of_its_own(self) -> None:
        runs = load_settings(["study=a", "seed=0,1,2"], multirun=True)
        assert [(run.study, run.seed) for run in runs] == [("a-seed-0", 0), ("a-seed-1", 1), ("a-seed-2", 2)]

    def test_every_combination_runs(self) -> None:
        assert self.names("study=a", "sampler=tpe,gp", "seed=range(2)") == [
            "a-sampler-tpe-seed-0",
            "a-sampler-tpe-seed-1",
            "a-sampler-gp-seed-0",
            "a-sampler-gp-seed-1",
        ]

    def test_names_that_differ_are_left_alone(self) -> None:
        assert self.names("preset=smoke,quick") == ["smoke", "quick"]
        assert self.names("seed=1,2", "study=s${seed}") == ["s1", "s2"]

    def test_only_what_was_asked_for_goes_into_the_name(self) -> None:
        assert self.names("study=a", "preset=smoke,quick") == ["a-preset-smoke", "a-preset-quick"]

    def test_spaces_of_the_users_own(self) -> None:
        runs = load_settings(["study=a", "space=one:A,two:B"], multirun=True)
        assert [run.space.attribute for run in runs] == ["one:A", "two:B"]

    def test_lists_are_values_too(self) -> None:
        runs = load_settings(["objectives=[quality,flops],[quality,kv_cache_bytes]"], multirun=True)
        assert [run.objectives for run in runs] == [["quality", "flops"], ["quality", "kv_cache_bytes"]]

    def test_a_repeated_value_is_refused(self) -> None:
        with pytest.raises(InputError, match="must differ"):
            self.names("seed=1,1")

    def test_one_study_needs_no_sweep(self) -> None:
        assert self.names("study=a", "seed=3") == ["a"]


class TestConfigDir:
    @pytest.fixture
    def mine(self, tmp_path: Path) -> Path:
        folder = tmp_path / "it's mine"
        for group in ("preset", "task", "space"):
            (folder / group).mkdir(parents=True)
        return folder

    def test_adds_choices(self, mine: Path) -> None:
        (mine / "preset" / "mine.yaml").write_text("# @package _global_\npreset: mine\nproxy:\n  num_layers: 3\n")
        (mine / "task" / "notes.yaml").write_text("name: text\npath: notes.txt\n")
        settings = load("preset=mine", "task=notes", "task.num_tokens=32", config_dir=mine)
        assert (settings.preset, settings.proxy.num_layers) == ("mine", 3)
        assert settings.task == TextSettings(path="notes.txt", num_tokens=32)

    @pytest.mark.parametrize(
        ("content", "where", "remedy"),
        [
            ("# @package _global_\nproxy:\n  d_modle: 8\n", "proxy.d_modle", "proxy.d_model"),
            ("# @package _global_\nproxy:\n  num_layers: two\n", "proxy.num_layers", "a whole number"),
            (
                "# @package _global_\nspace:\n  options:\n    _target_: os.system\n",
                "space.options._target_",
                "run no code",
            ),
            ("# @package _global_\nstudy: ${oc.env:HOME}\n", "preset/mine.yaml:2", "call nothing"),
            ("# @package _global_\ndefaults:\n  - override /task: txet\n", "defaults list: task", "'text'"),
            ("# @package _global_\ndefaults:\n  - /other/file\n", "preset/mine.yaml:3", "names in groups"),
            (
                "# @package _global_\nspace:\n  options:\n    a: &a [1]\n    b: *a\n",
                "preset/mine.yaml:5",
                "anchor",
            ),
            ("#" * 2**16 + "\n", "preset/mine.yaml", "65,536 bytes"),
            ("a: [1\nb: 2\n", "preset/mine.yaml:2", "must be YAML"),
        ],
        ids=range(9),
    )
    def test_files_are_checked_like_the_command_line(self, mine: Path, content: str, where: str, remedy: str) -> None:
        (mine / "preset" / "mine.yaml").write_text(content)
        with pytest.raises(InputError) as raised:
            load("preset=mine", config_dir=mine)
        assert where in raised.value.where
        assert remedy in str(raised.value)
        assert "\n" not in str(raised.value)

    def test_a_file_with_the_name_of_a_shipped_one_would_be_ignored_and_is_refused(self, mine: Path) -> None:
        (mine / "space" / "hybrid.yaml").write_text("attribute: a:B\n")
        with pytest.raises(InputError, match=r"space/hybrid\.yaml"):
            load(config_dir=mine)

    def test_must_be_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="--config-dir"):
            load(config_dir=tmp_path / "nowhere")

    @pytest.mark.parametrize("attribute", ["evil:S", "search_spaces.evil:S", "nas.space.space:Space", "nonsense"])
    def test_a_module_in_a_file_must_be_named_on_the_command_line_too(self, mine: Path, attribute: str) -> None:
        (mine / "space" / "mine.yaml").write_text(f"attribute: {attribute}\noptions:\n  width: [8]\n")
        with pytest.raises(InputError) as raised:
            load("space=mine", config_dir=mine)
        assert str(raised.value) == (
            "space.attribute: must be named on the command line if nas does not ship it, because its module is run, "
            f"got '{attribute}'. If you trust it, add space.attribute={attribute}."
        )

    @pytest.mark.parametrize("word", ["space.attribute=my_module:MySpace", "space.attribute='my_module:MySpace'"])
    def test_a_module_in_a_file_that_the_command_line_names_is_taken(self, mine: Path, word: str) -> None:
        (mine / "space" / "mine.yaml").write_text("attribute: my_module:MySpace\noptions:\n  width: [8]\n")
        space = load("space=mine", word, config_dir=mine).space
        assert (space.attribute, space.options) == ("my_module:MySpace", {"width": [8]})

    def test_a_file_may_choose_among_the_shipped_spaces(self, mine: Path) -> None:
        (mine / "space" / "narrow.yaml").write_text("attribute: search_spaces.hybrid:Hybrid\noptions: {}\n")
        assert load("space=narrow", config_dir=mine).space.attribute == "search_spaces.hybrid:Hybrid"

    def test_a_reference_to_a_file_names_no_module(self, mine: Path) -> None:
        (mine / "preset" / "mine.yaml").write_text("# @package _global_\nproxy: {}\nruns_folder: evil:S\n")
        with pytest.raises(InputError, match=r"^space\.attribute: must be named on the command line"):
            load("preset=mine", "space.attribute=${runs_folder}", config_dir=mine)

    @pytest.mark.parametrize(
        "content",
        [b"s3cret\xff\n", b"s3cret: 1\ns3cret: 2\n", b"a: 's3cret", b"a: [s3cret\n", b"s3cret\n", b"- s3cret\n"],
    )
    def test_a_link_to_something_else_shows_nothing_of_it(self, mine: Path, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "private").write_bytes(content)
        (mine / "task" / "mine.yaml").symlink_to(tmp_path / "private")
        with pytest.raises(NasError) as raised:
            load("task=mine", config_dir=mine)
        assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("target.phase=decoding", r"^target\.phase: must be one of|^target\.phase: .*decode"),
        (
            "target.num_tokens=77",
            r"^target\.num_tokens: unknown key; allowed here: block, grid_tile, phase, got 'num_tokens'\. It is a",
        ),
    ],
)
def test_the_proxy_as_a_target_has_a_phase_and_its_own_sizes(word: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(word)
