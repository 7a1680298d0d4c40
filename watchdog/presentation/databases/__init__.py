"""Text about the databases of services."""
