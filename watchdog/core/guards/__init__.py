"""Guards: what must hold before production is changed, each with its reason."""
