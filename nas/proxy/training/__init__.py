"""Training a cohort along a trunk and down the branch to a rung."""
