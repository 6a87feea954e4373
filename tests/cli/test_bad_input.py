"""Wrong command lines: exit code 2, one line that names the place and the nearest right word, nothing written."""

from pathlib import Path

import pytest

WRONG: list[tuple[str, list[str]]] = [
    # words after `nas`, and what the line must say
    ("shwo quick", ["'shwo'", "nas show"]),
    ("serach", ["'serach'", "nas search"]),
    ("show", ["STUDY", "nas show --help"]),
    ("show nowhere", ["'nowhere'", "nas search"]),
    ("show ../nowhere", ["../nowhere"]),
    ("show a*b", ["study", "letters"]),
    ("show quick --jsno", ["--jsno", "nas show --help"]),
    ("track nowhere", ["'nowhere'"]),
    ("track nowhere --mode none", ["--mode", "offline"]),
    ("export nowhere --format flex --out x", ["'nowhere'"]),
    ("export STUDY --format flx --out x", ["--format", "'flx'", "'flex'"]),
    ("export STUDY --best qualty --format flex --out x", ["--best", "'qualty'", "'quality'"]),
    ("export STUDY --trial 99 --format flex --out x", ["--trial", "99", "0 to"]),
    ("export STUDY --trial -1 --format flex --out x", ["--trial"]),
    ("export STUDY --trial 1 --front --format flex --out x", ["--front", "--trial"]),
    ("export STUDY --format flex", ["--out"]),
    ("draw nowhere.json", ["nowhere.json", "readable"]),
    ("draw STUDY#99", ["trial", "99"]),
    ("draw STUDY#seven", ["PATTERN", "STUDY#TRIAL"]),
    ("draw nowhere#1", ["'nowhere'"]),
    ("draw STUDY#0 --tokens 0", ["--tokens", "from 1 to", "'0'"]),
    ("cost STUDY#0 --tokens 99999999999999999999", ["--tokens", "from 1 to"]),
    ("cost STUDY#0 --tokens 1000000000", ["--tokens", "from 1 to"]),
    ("draw STUDY#0 --tokens many", ["--tokens", "'many'"]),
    ("draw STUDY#0 --out x.jpg", ["--out", ".png"]),
    ("draw STUDY#0 --out nowhere/x.png", ["nowhere/x.png"]),
    ("cost STUDY#0", ["--tokens"]),
    ("cost STUDY#0 --tokens 64 --target lama-3-8b-32k", ["target", "'llama-3-8b-32k'"]),
    ("search demo", ["'demo'", "nas search --help"]),
    ("search --cfg jbo", ["--cfg", "job"]),
    ("search --config-dir nowhere", ["--config-dir", "'nowhere'"]),
    ("search --confg-dir nowhere", ["--confg-dir"]),
    ("search sede=1", ["sede", "'seed'"]),
    ("search d_model=64", ["d_model", "'proxy.d_model'"]),
    ("search proxy.num_layer=2", ["proxy.num_layer", "'proxy.num_layers'"]),
    ("search +sede=1", ["+sede=1", "seed=1"]),
    ("search ++seed=1", ["++seed=1", "seed=1"]),
    ("search ~sampler", ["~sampler", "sampler="]),
    ("search hydra.run.dir=x", ["hydra.run.dir", "unknown key"]),
    ("search space@proxy=hybrid", ["space@proxy"]),
    ("search seed=abc", ["seed", "whole number", "'abc'"]),
    ("search seed=", ["seed", "whole number"]),
    ("search seed=-1", ["seed", "-1"]),
    ("search num_trials=1.5", ["num_trials", "1.5"]),
    ("search num_trials=true", ["num_trials", "True"]),
    ("search proxy=3", ["proxy", "mapping"]),
    ("search proxy.d_model=60", ["proxy.d_model", "multiple of 8"]),
    ("search seed=0,1,2", ["seed", "-m"]),
    ("search objectives=quality,flops", ["objectives=[quality,flops]"]),
    ("search objectives=[quality]", ["objectives", "two or more"]),
    ("search objectives=[quality,quality]", ["objectives", "two or more"]),
    ("search objectives=[quality,flop]", ["objectives[1]", "'flops'"]),
    ("search objectives=[quality,flops", ["objectives", "a list"]),
    ("search sampler=tp", ["sampler", "'tpe'"]),
    ("search constraints.flops_ratio=2", ["constraints.flops_ratio", "at most 1"]),
    ("search constraints.flops_ration=0.5", ["'constraints.flops_ratio'"]),
    ("search study=a#b", ["study", "'a#b'"]),
    ("search study=..", ["study", "'..'"]),
    ("search preset=smok", ["preset", "'smoke'"]),
    ("search task=recal", ["task", "'recall'"]),
    ("search task=null", ["task", "text"]),
    ("search task=recall task.path=x", ["task.path", "another task"]),
    ("search task.num_tokens=1", ["task.num_tokens", "2 or more"]),
    ("search task=recall task.num_pairs=999", ["task.num_tokens", "num_pairs"]),
    ("search task.path=nowhere.txt", ["task.path", "'nowhere.txt'"]),
    ("search target=lama-3-8b-32k", ["target", "'llama-3-8b-32k'"]),
    ("search target.num_layers=3", ["target", "'name'"]),
    ("search target=llama-3-8b-32k target.num_kv_heads=5", ["target.num_kv_heads", "divide"]),
    ("search tracking=ofline", ["tracking", "'offline'"]),
    ("search tracking=online", ["tracking", "WANDB_API_KEY"]),
    ("search tracking.project=a/b", ["tracking.project"]),
    ("search space=hybird", ["space", "'hybrid'"]),
    ("search space=no_such_module:Space", ["space.attribute", "no_such_module"]),
    ("search space=search_spaces.hybrid:Hybird", ["space.attribute", "'Hybrid'"]),
    ("search space.window_tokens=[8]", ["'space.options.window_tokens'"]),
    ("search space.options.window_token=[8]", ["'window_tokens'"]),
    ("search space.options.window_tokens=8", ["window_tokens", "list"]),
    ("search _target_=os.system", ["_target_"]),
    ("search proxy._target_=os.system", ["_target_", "no code"]),
    ("search space.options.x={_target_:os.system}", ["_target_", "no code"]),
    ("search study=${oc.env:HOME}", ["study", "call nothing"]),
    ("search study=${nope}", ["nope"]),
    ("search -m seed=1,1", ["study", "must differ"]),
    ("search -m space=glob(*)", ["space"]),
    ("search device=gpu", ["device", "cuda:N"]),
    ("search device=cuda:99", ["device", "99"]),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[line for line, _ in WRONG])
def test_one_line_names_the_place_and_the_nearest_right_word(
    nas, study: Path, in_tmp_path: Path, line: str, said: list[str]
) -> None:
    words = [word.replace("STUDY", str(study)) if "#" in word or word == "STUDY" else word for word in line.split()]
    outcome = nas(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("nas: error: ")
    assert outcome.err.count("\n") == 1
    assert [part for part in said if part not in outcome.err] == []
    assert list(in_tmp_path.iterdir()) == []
