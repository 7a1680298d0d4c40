"""The composition root: settings in, a wired daemon out."""
