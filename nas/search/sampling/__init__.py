"""Which pattern comes next: from what a study knows to one proposal."""
