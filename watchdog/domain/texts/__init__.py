"""Texts: those for people, and what those from outside may hold."""
