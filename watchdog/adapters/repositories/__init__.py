"""Code hosts: repositories that answer which commits are on a branch."""
