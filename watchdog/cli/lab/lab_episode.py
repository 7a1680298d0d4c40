"""`watchdog lab episode CLASS SEED`: one episode of the decision lab, replayed and printed."""

from watchdog.cli.options import It


async def episode(name: str, seed: str, /, *, ctx: It) -> int:
    """Replay one episode of `lab score`, and print its fault, the notes, the actions, and the verdict.

    The exit code is 0 only if the decision was right.

    Parameters
    ----------
    name
        The fault class, or "clean" for a month without any fault.
    seed
        The seed, as the report lists it.
    """
    from watchdog.app.commands.episode_run import story
    from watchdog.cli import output
    from watchdog.lab.classes import BY_NAME
    from watchdog.lab.episode_story import CLEAN

    if name not in (*BY_NAME, CLEAN):
        output.print_error(f"no fault class {name!r}: choose from {', '.join((*BY_NAME, CLEAN))}")
        return output.USAGE
    lines, good = story(name, seed)
    output.show_lines(output.printable(lines))
    return output.DONE if good else output.FAILED
