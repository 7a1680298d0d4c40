"""`python -m watchdog` and the command `watchdog`."""

import gc
import sys

from watchdog.cli.main import main as run_command

LOADED_AT_ONCE = 50_000
"""What our modules make while they load stays; Python would look through all of it for garbage again and again: a tenth
of the time that a command takes. The daemon sets itself up anew once it runs (daemon/interpreter.py)."""


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(LOADED_AT_ONCE)
    sys.exit(run_command())


if __name__ == "__main__":
    main()
