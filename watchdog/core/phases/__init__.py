"""The phases of an incident and the human commands: one file each, named in the transition table."""
