"""View models: plain data for templates and JSON."""
