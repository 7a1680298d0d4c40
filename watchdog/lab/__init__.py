"""Experiments on the daemon itself: the storm (deterministic simulation)."""
