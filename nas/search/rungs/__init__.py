"""Who trains on, and what the trainings so far say about longer ones."""
