"""The link to a place of the handbook: in the console if there is one, else in the terminal."""

from watchdog.domain.commands.command_line import command_line

HELP = "/help/"


def link(place: str, console_url: str | None = None) -> str:
    """Return the address of a place in the console that is served at `console_url`, else the command that shows it."""
    return f"{console_url.rstrip('/')}{HELP}{place}" if console_url else shell_place(place)


def shell_place(place: str) -> str:
    """Return the command that shows the page of a place; without its heading, as some shells expand a `#`."""
    return command_line("docs", place.partition("#")[0])
