"""Folds readings and deploy lists into the state, before anything is decided."""
