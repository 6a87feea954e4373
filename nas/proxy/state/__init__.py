"""A cohort at one step, and its file."""
