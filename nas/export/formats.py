"""Every export target."""

from nas.export.format import Format, Library, proved_by_masks
from nas.export.targets import (
    deepspeed,
    duo_attention,
    flashinfer,
    flex_module,
    minference,
    pattern_file,
    tensorrt_llm,
    torch_module,
    transformers_config,
    transformers_module,
)

_NEEDS_GPU = "it runs on a GPU alone, and nas has not run it"

FORMATS: dict[str, Format] = {
    "pattern": Format(
        summary=pattern_file.SUMMARY,
        write=pattern_file.write,
        prove=pattern_file.prove,
        usage=pattern_file.USAGE,
        library="the file is nas's own",
    ),
    "flex": Format(
        summary=flex_module.SUMMARY,
        write=flex_module.write,
        prove=proved_by_masks("flex", flex_module.read),
        usage=flex_module.USAGE,
        library=Library(package="torch", module="flex_attention"),
    ),
    "torch": Format(
        summary=torch_module.SUMMARY,
        write=torch_module.write,
        prove=proved_by_masks("torch", torch_module.read),
        usage=torch_module.USAGE,
        library=Library(package="torch", module="dense_torch"),
    ),
    "transformers": Format(
        summary=transformers_module.SUMMARY,
        write=transformers_module.write,
        prove=proved_by_masks("transformers", transformers_module.read),
        usage=transformers_module.USAGE,
        library=Library(package="transformers", module="decoder"),
    ),
    "transformers-config": Format(
        summary=transformers_config.SUMMARY,
        write=transformers_config.write,
        prove=proved_by_masks(transformers_config.NAME, transformers_config.read),
        usage=transformers_config.USAGE,
        library=Library(package="transformers", module="masking_utils"),
    ),
    "deepspeed": Format(
        summary=deepspeed.SUMMARY,
        write=deepspeed.write,
        prove=deepspeed.prove,
        usage=deepspeed.USAGE,
        options=frozenset({"block_tokens"}),
        library=Library(package="deepspeed", module="sparsity_config"),
    ),
    "flashinfer": Format(
        summary=flashinfer.SUMMARY,
        write=flashinfer.write,
        prove=proved_by_masks(flashinfer.NAME, flashinfer.read),
        usage=flashinfer.USAGE,
        options=frozenset({"num_tokens", "block_tokens", "num_kv_heads"}),
        library=_NEEDS_GPU,
    ),
    "tensorrt-llm": Format(
        summary=tensorrt_llm.SUMMARY,
        write=tensorrt_llm.write,
        prove=proved_by_masks(tensorrt_llm.NAME, tensorrt_llm.read),
        usage=tensorrt_llm.USAGE,
        library=_NEEDS_GPU,
    ),
    "duo-attention": Format(
        summary=duo_attention.SUMMARY,
        write=duo_attention.write,
        prove=proved_by_masks(duo_attention.NAME, duo_attention.read),
        usage=duo_attention.USAGE,
        options=frozenset({"num_kv_heads"}),
        library=_NEEDS_GPU,
    ),
    "minference": Format(
        summary=minference.SUMMARY,
        write=minference.write,
        prove=proved_by_masks(minference.NAME, minference.read),
        usage=minference.USAGE,
        library=_NEEDS_GPU,
    ),
}
"""What `--format` may name. To add a target, see CONTRIBUTING.md."""
