"""The small Transformer that stands in for the real one, trained many candidates at once."""
