"""`python -m watchdog` and the command `watchdog`.

Rule: Ctrl-C ends every command with 130 and no traceback, from the first import on (cli/main.py has the rest).
"""

import gc
import os
import signal
import sys
from types import FrameType

LOADED_AT_ONCE = 200_000
"""What our modules make while they load stays; Python would look through all of it for garbage again and again, and
once more at the end: a third of the time of a short command. The daemon sets itself up anew once it runs
(daemon/runtime/gc_tuning.py)."""
INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """Run the command line and exit with its code.

    A background job of a script (`watchdog lab score &`) inherits SIGINT as ignored, and Python then leaves it so.
    """
    try:
        signal.signal(signal.SIGINT, _end_at_once)
        gc.set_threshold(LOADED_AT_ONCE)
        from watchdog.cli.main import main as run_command

        code = run_command(before_it_runs=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except RuntimeError as error:
        # Python 3.11 wraps what interrupts the making of a class, of a module that is being imported.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        code = INTERRUPTED
    except ImportError as error:
        from watchdog.cli.namesake import CURE, conflict

        if error.name != "watchdog":
            raise
        sys.stderr.write(f"{conflict() or f'this installation is damaged: {CURE}'}\n")
        code = 1
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while the interpreter ends: at once, without a traceback
    gc.freeze()  # skip the last collection: the system frees the memory when the process exits
    sys.exit(code)


def _end_at_once(number: int, frame: FrameType | None) -> None:
    """End while the command is still imported and parsed: there is nothing to clean up.

    A KeyboardInterrupt could get lost: Python drops what is raised in the callback that ends each import.
    """
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
