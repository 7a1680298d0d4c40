"""Supervision: background tasks, leases, health, status, housekeeping."""
