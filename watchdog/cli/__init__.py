"""The roof: the commands that a person types in a terminal, and their output. It renders decisions and makes none."""
