"""Backup and restore of the watchdog's own store, ordered by a person."""
