"""The functions of the commands, a file for what is asked in one breath; where each stands: cli/command_tree.py."""
