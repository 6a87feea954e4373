"""Nothing in the sources can run what a file holds: no pickles, no evaluation, no shell, no code from a hub.

What must be there is listed with its reason; anything else of its kind fails here before it can be shipped.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "code", "codeop", "runpy"}
CALLS = {
    "eval", "exec", "compile", "__import__", "import_module", "instantiate", "os.system", "os.popen", "yaml.load",
    "yaml.full_load", "yaml.unsafe_load", "torch.load", "np.load", "numpy.load", "shutil.unpack_archive", "extractall",
    "urlopen", "urlretrieve",
}  # fmt: skip
METHODS = {"import_module", "extractall", "urlopen", "instantiate"}
"""Last parts of names of calls, whatever they are called on."""

ONLY = {
    "nas/__init__.py: import_module": "the names that nas exports, from a table beside it",
    "nas/export/bundle/verify.py: import_module": "readers that nas ships, by a table of formats",
    "nas/export/contract/arrays_file.py: np.load": "allow_pickle=False, after the archive's sizes were checked",
    "nas/export/generated/run.py: compile": "a module that is byte for byte what nas writes",
    "nas/export/generated/run.py: exec": "a module that is byte for byte what nas writes",
    "nas/pretrained/loading.py: import_module": "transformers and peft, which are optional",
    "nas/proxy/state/tensor_file.py: torch.load": "weights_only=True",
    "nas/results/frame.py: import_module": "pandas and polars, which are optional",
    "nas/space/load.py: importlib.import_module": "a space that the command line names",
}
"""Every place that loads or runs something, and why no file decides what."""

SAFE = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}
"""What such a call must be given."""


def sources() -> Iterator[tuple[str, ast.AST]]:
    for folder in ("nas", "search_spaces"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def calls(tree: ast.AST) -> Iterator[tuple[str, dict[str, object]]]:
    """The full names of what is called, with the keywords that are constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given: dict[str, object] = {
                one.arg: one.value.value for one in node.keywords if one.arg and isinstance(one.value, ast.Constant)
            }
            yield ast.unparse(node.func), given


def test_no_module_that_unpickles_or_evaluates_is_imported() -> None:
    found = []
    for name, tree in sources():
        for node in ast.walk(tree):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found += [f"{name}: {module}" for module in imported if module.partition(".")[0] in MODULES]
    assert found == []


def test_what_loads_or_runs_something_is_known() -> None:
    found = set()
    for name, tree in sources():
        for called, given in calls(tree):
            if called in CALLS or called.rpartition(".")[2] in METHODS:
                found.add(f"{name}: {called}")
            if called in SAFE:
                keyword, value = SAFE[called]
                assert given.get(keyword) is value, f"{name}: {called} without {keyword}={value}"
            assert given.get("shell") is not True, f"{name}: a shell"
            assert given.get("trust_remote_code") is not True, f"{name}: code from a hub"
    assert found == set(ONLY)


def test_every_model_is_loaded_without_its_own_code() -> None:
    """`from_pretrained` and `from_config` of an Auto class run a model's own code unless they are told not to."""
    found = [
        (name, given)
        for name, tree in sources()
        for called, given in calls(tree)
        if called.rpartition(".")[2] in ("from_pretrained", "from_config") and "Auto" in called
    ]
    assert found and [name for name, given in found if given.get("trust_remote_code") is not False] == []
