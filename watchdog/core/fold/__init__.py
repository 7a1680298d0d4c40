"""Folds: readings and deploy lists become knowledge in the state, before any decision."""
