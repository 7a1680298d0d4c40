"""`watchdog lab scenario FILE`: a fault class of the user's own, played once and printed."""

from pathlib import Path

from watchdog.cli.options import AsJson, It


async def scenario(
    file: Path,
    /,
    *,
    seed: str = "1",
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Play a fault class of your own, written in a YAML file: print the notes, the actions, and the verdict.

    The exit code is 0 only if the decision was right, 2 if the file has mistakes. See config/scenarios for examples.

    Parameters
    ----------
    file
        The scenario file.
    seed
        Seed of its ranges, services and traffic; the same seed gives the same episode.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands.scenario_run import play
    from watchdog.cli import output

    played = play(file, ctx.cwd, seed)
    if as_json:
        output.show_record(played.json_object())
    else:
        # The file is foreign text, names and messages included: no control character may reach the terminal.
        output.show_lines(output.printable(played.lines))
    return output.DONE if played.good else output.FAILED
