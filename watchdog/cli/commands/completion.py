"""`watchdog completion SHELL`: the script by which a shell completes commands and options."""

from typing import Literal

from watchdog.cli.options import It


async def completion(shell: Literal["bash", "zsh", "fish"], /, *, ctx: It) -> int:
    """Print the completion script of a shell.

    In bash: `source <(watchdog completion bash)`; in zsh: write it as `_cyclopts_watchdog` into a folder of
    `$fpath`; in fish: `watchdog completion fish | source`.

    Parameters
    ----------
    shell
        Which shell.
    """
    # Here, not at the top: `main` builds the tree of commands, and so imports this file first.
    from watchdog.cli import output
    from watchdog.cli.main import app

    output.show_lines(app.generate_completion(shell=shell).splitlines())
    return output.DONE
