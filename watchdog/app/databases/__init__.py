"""Steps on the databases of services, each ordered by a person at the command line."""
