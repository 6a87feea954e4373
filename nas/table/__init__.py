"""The ground truth: every pattern of a small space trained long, and what shorter trainings say about it."""
