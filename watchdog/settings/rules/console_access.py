"""The access to the console: its checks and its warnings."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from watchdog.domain.identities import CONSOLE, MEMBER, TOKEN, identity
from watchdog.settings.schema.console_schema import PeopleShape
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.yaml_document import Document, Path

CONSOLE_TOKEN = "WATCHDOG_CONSOLE_TOKEN"  # noqa: S105  its name, not what it holds
CONSOLE_TOKENS = {
    "viewer": "WATCHDOG_CONSOLE_VIEWER_TOKEN",
    "operator": "WATCHDOG_CONSOLE_OPERATOR_TOKEN",
    "approver": CONSOLE_TOKEN,
}
"""Role to the variable of its token; only the last is needed."""
ASSISTANT_TOKEN = "WATCHDOG_CONSOLE_ASSISTANT_TOKEN"  # noqa: S105  the same
OIDC_SECRET = "WATCHDOG_CONSOLE_OIDC_SECRET"  # noqa: S105  the same
CONSOLE_LIBRARIES = ("fastapi", "jinja2")
OIDC_LIBRARY = "joserfc"


def install_extra(extra: str) -> str:
    """Return how to install an extra of the package, in a clone and elsewhere."""
    return f"install it: pip install '.[{extra}]' in a clone, else 'render-watchdog[{extra}]'"


HOW = install_extra("console")


def check_console(document: Document, shape: Shape, variables: Mapping[str, str]) -> None:
    """Report a console that could not be served (no listener, no libraries), or that contradicts its purpose."""
    console = shape.console
    for name, way in (("proxy", console.proxy), ("oidc", console.oidc)):
        # Checked even while the console is off: the mistake should not wait for the day that it is switched on.
        if way is not None:
            _check_people(document, ("console", name), way)
    if console.oidc is not None and console.url is None and ("console", "url") not in document.reported:
        what = "missing: oidc sends browsers back to it"
        document.report(("console", "url"), what, "add url: https://watchdog.acme.example")
    if not console.enabled:
        return
    names = (*CONSOLE_TOKENS.values(), ASSISTANT_TOKEN)
    tokens = [variables[name] for name in names if variables.get(name)]
    # A bearer of both would get one role by the order of a table, and the user could not know which.
    if console.tokens and len(set(tokens)) < len(tokens):
        document.report(("console",), "two roles have the same token", "make another: openssl rand -hex 32")
    if not console.tokens and not console.names_are_proven:
        document.report(("console", "tokens"), "no way to log in", "leave it out, or add proxy: … or oidc: …")
    if not shape.metrics.listen:
        document.report(("console",), "no address to serve it on", 'write metrics: {listen: "127.0.0.1:9464"}')
    check_libraries(document, ("console",), (*CONSOLE_LIBRARIES, *([OIDC_LIBRARY] if console.oidc else [])))


def check_libraries(document: Document, path: Path, libraries: Sequence[str]) -> None:
    """Report libraries of the extra that are not installed."""
    missing = missing_libraries(libraries)
    if missing:
        document.report(path, f"needs {' and '.join(missing)}, which the extra console brings", HOW)


def missing_libraries(libraries: Sequence[str]) -> list[str]:
    """Return the libraries that are not installed."""
    return [name for name in libraries if find_spec(name) is None]


def _check_people(document: Document, path: Path, shape: PeopleShape) -> None:
    """Report names with two roles, and an access list without any name."""
    roles = {"approvers": shape.approvers, "operators": shape.operators, "viewers": shape.viewers}
    known: dict[str, str] = {}
    for role, names in roles.items():
        for place, name in enumerate(names):
            if name in known:
                document.report((*path, role, place), f"is one of the {known[name]} already", "keep the one you mean")
            known.setdefault(name, role)
    # An empty list of viewers is written on purpose, or was reported already.
    if not known and "viewers" not in document.keys(*(str(part) for part in path)):
        document.report(path, "no identity has a role", 'add approvers: [ann@acme.example], or viewers: "*"')


def _typed_in_vain(shape: Shape) -> list[str]:
    """Return the approvers' names that count only where they are proven, though a token lets its bearer type them."""
    if not shape.console.names_are_proven:
        return []
    found = []
    for contact, one in shape.contacts.items():
        for text in one.answers_as:
            way, _, name = text.rpartition(":")
            # A name without a prefix means the console, unless it looks like a Slack member id.
            is_name = way == CONSOLE or (not way and not MEMBER.fullmatch(name))
            # A typed name counts only where the file says so with `token:NAME`.
            if is_name and identity(TOKEN, name) not in one.answers_as:
                how = f"add token:{name} if it shall count on trust, or set console.tokens: false"
                found.append(f"contacts.{contact} answers as {text}, and not where it is typed beside a token: {how}")
    return found


def console_warnings(shape: Shape, variables: Mapping[str, str]) -> Sequence[str]:
    """Return warnings of settings that work, but probably not as meant."""
    console, found = shape.console, []
    if shape.status_pages and not shape.metrics.is_local:
        # The status pages share a port with /metrics, which names every service and its state.
        how = "let a proxy hand on /status/NAME and what belongs to it alone"
        found.append(f"status_pages: others can reach /metrics there, too: {how}")
    if not console.enabled:
        return found
    if not shape.metrics.is_local:
        found.append("console: others can reach it: put a proxy with TLS in front of metrics.listen")
    if console.oidc is not None and console.oidc.everybody:
        who = f"everyone with an account at {console.oidc.issuer} may look"
        found.append(f'console.oidc.viewers is "*": {who}: if people outside your team have one, list names')
    names = [name for role, name in CONSOLE_TOKENS.items() if role != "approver"]
    unused = [name for name in (*names, ASSISTANT_TOKEN) if variables.get(name)]
    if console.tokens and variables.get(CONSOLE_TOKEN):
        found += _typed_in_vain(shape)
    if not console.tokens and unused:
        found.append(f"console.tokens is false: {' and '.join(unused)} opens nothing")
    return found
