"""Drills: what they are and what they found, and which services they may be held on."""
