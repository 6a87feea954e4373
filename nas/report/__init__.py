"""Reports of a study for people: progress, tables and pictures."""
