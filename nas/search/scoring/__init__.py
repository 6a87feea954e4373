"""What a trial is worth: scores of tasks, and the objectives computed from them."""
