"""Probing: when each signal and deploy list is read, and how many at once."""
