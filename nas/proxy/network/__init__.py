"""The small Transformer with its cohort axis."""
