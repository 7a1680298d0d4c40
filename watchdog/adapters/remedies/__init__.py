"""Remedies that are tried before a rollback: one file each; the only one so far switches a feature flag off."""
