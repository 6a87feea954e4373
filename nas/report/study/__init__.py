"""What is computed about an ended study for its report: frozen values, from its folder alone."""
