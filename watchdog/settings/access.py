"""Who may use the console: what the configuration says of it, checked and as the composition root needs it."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from watchdog.settings.console_shape import EVERYBODY, ConsoleShape, PeopleShape
from watchdog.settings.document import Document, Path
from watchdog.settings.model import ConsoleSettings, PeopleSettings, ProxySettings
from watchdog.settings.shape import Shape
from watchdog.settings.urls import is_loopback

CONSOLE_TOKEN = "WATCHDOG_CONSOLE_TOKEN"  # noqa: S105  its name, not what it holds
CONSOLE_TOKENS = {
    "viewer": "WATCHDOG_CONSOLE_VIEWER_TOKEN",
    "operator": "WATCHDOG_CONSOLE_OPERATOR_TOKEN",
    "approver": CONSOLE_TOKEN,
}
"""Role to the variable of its token; only the last is needed."""
CONSOLE_LIBRARIES = ("fastapi", "jinja2")
HOW = "in the clone: .venv/bin/pip install -e '.[console]'"


def console_settings(document: Document, shape: ConsoleShape) -> ConsoleSettings:
    """Return who may use the console, once it was checked."""
    proxy = None
    if shape.proxy is not None:
        people = _people(document, ("console", "proxy"), shape.proxy)
        proxy = ProxySettings(shape.proxy.user_header, tuple(shape.proxy.sources), people)
    return ConsoleSettings(shape.enabled, shape.url, shape.tokens, proxy)


def _people(document: Document, path: Path, shape: PeopleShape) -> PeopleSettings:
    everybody = document.at((*path, "viewers")) in (EVERYBODY, [EVERYBODY])
    return PeopleSettings(tuple(shape.approvers), tuple(shape.operators), tuple(shape.viewers), everybody)


def check_console(document: Document, shape: Shape, variables: Mapping[str, str]) -> None:
    """Report a console that could not be served (nowhere to listen, no libraries), or not used as meant."""
    console = shape.console
    if console.proxy is not None:
        _check_people(document, ("console", "proxy"), console.proxy)
    if not console.enabled:
        return
    tokens = [variables[name] for name in CONSOLE_TOKENS.values() if variables.get(name)]
    if console.tokens and len(set(tokens)) < len(tokens):
        document.report(("console",), "two roles have the same token", "make another: openssl rand -hex 32")
    if not console.tokens and console.proxy is None:
        document.report(("console", "tokens"), "nobody could come in", "leave it out, or add proxy: …")
    if not shape.metrics.listen:
        document.report(("console",), "there is nowhere to serve it", 'write metrics: {listen: "127.0.0.1:9464"}')
    check_libraries(document, ("console",), CONSOLE_LIBRARIES)


def check_libraries(document: Document, path: Path, libraries: Sequence[str]) -> None:
    """Report libraries of the extra that are not installed."""
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        document.report(path, f"needs {' and '.join(missing)}, which the extra console brings", HOW)


def _check_people(document: Document, path: Path, shape: PeopleShape) -> None:
    """Report who has two roles, and that nobody has any."""
    roles = {"approvers": shape.approvers, "operators": shape.operators, "viewers": shape.viewers}
    known: dict[str, str] = {}
    for role, names in roles.items():
        for place, name in enumerate(names):
            if name in known:
                document.report((*path, role, place), f"is one of the {known[name]} already", "keep the one you mean")
            known.setdefault(name, role)
    if not known and "viewers" not in document.keys(*(str(part) for part in path)):
        document.report(path, "nobody has a role", 'add approvers: [ann@acme.example], or viewers: "*"')


def console_warnings(shape: Shape, variables: Mapping[str, str]) -> Sequence[str]:
    """Return what works, but probably not as meant."""
    console = shape.console
    if not console.enabled:
        return ()
    found = []
    if not is_loopback(shape.metrics.listen.rpartition(":")[0] or "localhost"):
        found.append("console: others can reach it: put a proxy with TLS in front of metrics.listen")
    unused = [name for role, name in CONSOLE_TOKENS.items() if role != "approver" and variables.get(name)]
    if not console.tokens and unused:
        found.append(f"console.tokens is false: {' and '.join(unused)} opens nothing")
    return found
