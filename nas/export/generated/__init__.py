"""Python modules that are generated: masks as source text, and what each target puts around them."""
