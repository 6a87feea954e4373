"""Loading with transformers, an optional library that is imported when it is first needed."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from nas.errors import InputError, NasError, first_line
from nas.files import MOST_BYTES, read_at_most
from nas.patterns.model import MOST_LAYERS

WHERE = "checkpoint"
"""The setting that names the checkpoint, as messages call it."""

ATTENTION = "eager"
"""The attention of transformers that every decoder is loaded with; patterns take its place."""

_MOST_PARAMETERS_A_BYTE = 2
"""Numbers of 4 bits are the smallest that weights are stored as."""


def library(name: str) -> Any:
    """A library that only pretrained models need; importing it takes seconds.

    Args:
        name: transformers, peft or huggingface_hub.

    Raises:
        NasError: it is not installed; the message says how to install it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise NasError(
            f"evaluation: needs {name}, which is not installed. Run pip install 'nas-attention[transformers]'."
        ) from None


def read_json(file: Path) -> dict[str, Any]:
    """A JSON file of a checkpoint.

    Raises:
        InputError: it is missing, or no JSON object.
    """
    if not file.is_file():  # a pipe would be waited for; a link is how the hub's own cache keeps files
        remedy = "Save a model there with save_pretrained."
        raise InputError(WHERE, f"must hold a {file.name}", str(file.parent), remedy)
    try:
        document = json.loads(read_at_most(file, MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(str(file), "must be a JSON file", first_line(error)) from None
    if not isinstance(document, dict):
        raise InputError(str(file), "must hold a JSON object", document)
    return document


def load_model(folder: Path) -> Any:
    """A decoder's model in evaluation mode, its weights frozen.

    Args:
        folder: of a checkpoint that `nas.pretrained.source.find_checkpoint` let pass.

    Raises:
        InputError: its architecture is unknown, its config asks for far more than its weights have, or its weights are
            damaged or not all there.
    """
    transformers = library("transformers")
    known = transformers.models.auto.modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        config._attn_implementation = ATTENTION  # what the file names may be a kernel to fetch and run
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unknown(folder, str(error).strip().splitlines()[0]) from None
    if config.model_type not in known:
        raise _unknown(folder, config.model_type)
    _check_windows(config.get_text_config(), folder)
    _check_size(config, folder)
    try:
        model, found = transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            output_loading_info=True,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype="auto",
            attn_implementation=ATTENTION,
            ignore_mismatched_sizes=True,  # said below; transformers names no tensor in its error
        )
    except Exception as error:  # damaged weights make safetensors, torch and transformers raise almost anything
        came = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InputError(WHERE, "must hold weights that its architecture can load", came) from None
    for name, saved, built in sorted(found["mismatched_keys"]):
        allowed = f"must hold weights of the sizes in config.json, by which {name} has the shape {tuple(built)}"
        raise InputError(WHERE, allowed, str(tuple(saved)))
    if missing := sorted(found["missing_keys"]):  # transformers would draw them at random
        came = f"none for {len(missing)} of {len(model.state_dict())} tensors, {missing[0]} among them"
        raise InputError(WHERE, "must hold all weights of its architecture", came)
    model.requires_grad_(False)
    return model.eval()


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a checkpoint.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    transformers = library("transformers")
    try:
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # what a missing or damaged file raises differs from tokenizer to tokenizer
        whole = (folder / "tokenizer.json").is_file()  # without it, transformers lists ways to do without, in lines
        came = first_line(error) if whole else "no tokenizer.json"
        remedy = "Save it there with tokenizer.save_pretrained."
        raise InputError(WHERE, "must hold its tokenizer", came, remedy) from None


def _check_windows(config: Any, folder: Path) -> None:
    """Refuse layers with a window whose width is not there: Qwen's configs drop it without `use_sliding_window`.

    Raises:
        InputError: transformers could not run such a layer.
    """
    sliding = "sliding_attention" in (getattr(config, "layer_types", None) or ())
    if sliding and getattr(config, "sliding_window", None) is None:
        allowed = "must have a sliding_window, and use_sliding_window where its class has that, for its layer_types"
        remedy = "Or make all of layer_types full_attention."
        raise InputError(str(folder / "config.json"), allowed, "sliding_attention without a window", remedy)


def _check_size(config: Any, folder: Path) -> None:
    """Refuse a config that asks for far more parameters than the weights have, before they are allocated.

    Raises:
        InputError: it does, or no model can be made of it.
    """
    where, num_layers = str(folder / "config.json"), getattr(config.get_text_config(), "num_hidden_layers", 1)
    if isinstance(num_layers, int) and num_layers > MOST_LAYERS:
        raise InputError(where, f"must have at most {MOST_LAYERS} as num_hidden_layers", num_layers)
    try:
        with import_module("torch").device("meta"):  # shapes without memory
            model = library("transformers").AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except Exception as error:  # sizes that do not fit together make its architecture raise almost anything
        came = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InputError(where, "must have sizes that its architecture can be built with", came) from None
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    num_bytes = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    if num_parameters > num_bytes * _MOST_PARAMETERS_A_BYTE:
        allowed = f"must describe the weights beside it, which are {num_bytes:,} bytes"
        raise InputError(where, allowed, f"{num_parameters:,} parameters")


def _unknown(folder: Path, came: str) -> InputError:
    version = library("transformers").__version__
    allowed = f"must be a decoder whose architecture transformers {version} knows"
    return InputError(WHERE, allowed, came, f"Look at model_type in {folder / 'config.json'}.")
