"""The functions of the commands, a file for related ones; the place of each command: cli/command_tree.py."""
