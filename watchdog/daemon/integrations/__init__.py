"""Integrations: whether each outside service works, and the pollers that read repositories and pagers."""
