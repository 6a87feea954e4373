"""Progress of a search: a live display on a terminal, plain lines elsewhere."""
