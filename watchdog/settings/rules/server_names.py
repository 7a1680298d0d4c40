"""The names of our server, beside its address: those that Render gave it, and a warning for missing ones."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from watchdog.settings.schema.schema import Shape

HOST_NAME, URL = "RENDER_EXTERNAL_HOSTNAME", "RENDER_EXTERNAL_URL"


def render_hosts(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names under which Render serves us to browsers, if it does. Its health check uses them, too."""
    found = (environ.get(HOST_NAME, "").lower(), _host_of(environ.get(URL, "")))
    return tuple(dict.fromkeys(name for name in found if name))


def name_warnings(shape: Shape, environ: Mapping[str, str]) -> Sequence[str]:
    """Return a warning if the server would refuse every browser that uses its public name."""
    served = "console" if shape.console.enabled else "status_pages" if shape.status_pages else ""
    known = shape.console.url or shape.metrics.hosts or render_hosts(environ)
    # On loopback no other machine asks by name, except through a proxy of the user's.
    if not served or known or shape.metrics.is_local:
        return ()
    return (f"{served}: requests for its public name are refused (421): list that name under metrics.hosts",)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
