"""Generated Python modules: masks as source code, and the code of each format around them."""
