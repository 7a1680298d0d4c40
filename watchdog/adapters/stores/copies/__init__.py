"""Whole copies of a store: made beside a running daemon, and put back where none runs."""
