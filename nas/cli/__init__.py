"""The command line: one file a verb. Imports that take long wait inside the verbs."""
