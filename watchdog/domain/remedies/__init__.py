"""Remedies beside the rollback: what is configured, and what came of each in an incident."""
