"""What a trial is worth: objectives, scores of tasks, domination, and how far rankings agree."""
