"""Progress, summary and picture of a ground-truth table."""
