"""The problem of a study: what is searched, on which model and tasks, for which objectives."""
