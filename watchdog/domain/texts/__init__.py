"""Texts from outside, and what they may hold."""
