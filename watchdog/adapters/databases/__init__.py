"""Databases of guarded services, for the commands of a person: by pg_dump, pg_restore and psql of the machine."""
