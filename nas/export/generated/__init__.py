"""Generated Python modules: masks as source text, and the code of each format around them."""
