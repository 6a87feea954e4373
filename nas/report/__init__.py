"""What a person sees of a study: progress, tables, pictures."""
