"""The HTTP server for health, metrics and status, with its limits."""
