"""The top floor: the commands that a person types in a terminal, and their output. It renders, and decides nothing."""
