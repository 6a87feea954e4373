"""What is searched, on what, for what: everything that the settings stand for."""
