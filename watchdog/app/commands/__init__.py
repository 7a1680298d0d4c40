"""The functions of the command line besides the daemon."""
