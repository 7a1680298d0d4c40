"""`watchdog mcp`: the server through which an AI assistant asks the watchdog."""

import signal

from watchdog.cli.command_context import Context, usage_error
from watchdog.cli.options import It

LIBRARY = "mcp"


async def mcp(*, url: str = "http://127.0.0.1:9464", ctx: It) -> int:
    """Serve an AI assistant by the Model Context Protocol, over stdin and stdout; the assistant's client starts it.

    It reads the console's API with WATCHDOG_CONSOLE_VIEWER_TOKEN. With WATCHDOG_CONSOLE_ASSISTANT_TOKEN instead, it may
    also answer an incident's question, with a code that a person reads on the incident's page and gives it.

    Parameters
    ----------
    url
        The console: an https:// address, or one of this machine.
    """
    from watchdog.cli import output
    from watchdog.settings.rules.console_access import install_extra, missing_libraries

    if missing_libraries([LIBRARY]):
        usage_error("mcp", f"needs {LIBRARY}, which the extra mcp brings", install_extra("mcp"))
    token, may_answer = _token(ctx)

    from watchdog.cli.mcp.console_client import ConsoleClient, is_safe
    from watchdog.cli.mcp.server import serve

    if not is_safe(url):
        usage_error("--url", "not an https:// address, nor one of this machine", "write https://watchdog.acme.example")
    # The SDK reads stdin in a thread that no cancellation reaches: by asyncio's own handler Ctrl-C would do nothing.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    await serve(ConsoleClient(url, token), may_answer=may_answer)
    return output.DONE


def _token(ctx: Context) -> tuple[str, bool]:
    """Return the token, and whether it may answer questions. Raises ConfigurationError without one."""
    from watchdog.settings.rules.console_access import ASSISTANT_TOKEN, CONSOLE_TOKENS

    viewer = CONSOLE_TOKENS["viewer"]
    given = {name: ctx.environ.get(name, "").strip() for name in (ASSISTANT_TOKEN, viewer)}
    if not any(given.values()):
        usage_error("mcp", "no token for the console", f"set {viewer} (it only reads) or {ASSISTANT_TOKEN}")
    return given[ASSISTANT_TOKEN] or given[viewer], bool(given[ASSISTANT_TOKEN])
