"""Moments at which nothing was done."""
