"""Guards: the conditions for a change of production, each with its reason."""
