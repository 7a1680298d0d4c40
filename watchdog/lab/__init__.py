"""Experiments on the daemon itself: the decision lab (scored episodes) and the storm (deterministic simulation)."""
