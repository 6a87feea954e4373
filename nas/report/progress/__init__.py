"""Progress of a search, live on a terminal and in plain lines elsewhere."""
