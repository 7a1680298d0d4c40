"""Small forms from a browser: read within bounds, and only from a page of ours.

Rule: a form that changes anything needs the word of its session (`form`), and no sign that another site sent it. The
cookie is not sent by other sites either (SameSite=Strict): each of the three would do alone.
"""

import hmac
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request

from watchdog.console.auth.roles import Visitor

FIELDS_MAX = 12
KEPT = ("tag", "all", "range", "to", "blamed")
"""What an address may ask of the overview, of a service's page or of a plan; a command from there, or a login, keeps
it."""
KEPT_MAX = 100
"""Characters of one of them."""


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; an empty dict for a malformed body. `BodyLimit` bounds its size."""
    try:
        found = parse_qs(
            (await request.body()).decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX
        )
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def kept_query(query: str) -> str:
    """Return the part of an address's query that stays after a command or a login: of known names, quoted anew.

    It is put behind a path of ours, so a text of a stranger's can lead to no other site and to no other page.
    """
    try:
        found = parse_qs(query, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return ""
    return urlencode([(name, found[name][0][:KEPT_MAX]) for name in KEPT if name in found])


def is_from_elsewhere(request: Request) -> bool:
    """Return whether another site made the browser send this.

    A browser says where it comes from, unforgeably, by `Sec-Fetch-Site` (where there is TLS, or on this machine), else
    by `Origin`. A proxy may rewrite the Host we compare with, so `Sec-Fetch-Site` is read first. A program sends
    neither header.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        # `none` is an address typed in, or a bookmark.
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    # Host and port alone: behind a proxy that ends TLS, the scheme we see is not that of the browser.
    return origin is not None and origin.partition("://")[2] != request.headers.get("host", "")


def why_not_ours(request: Request, visitor: Visitor, given: str) -> str:
    """Return why a change by a session is refused, or an empty text; `given` is the form token that came with it."""
    if is_from_elsewhere(request):
        return "This came from another site. Nothing was done."
    # As bytes: `compare_digest` raises for text beyond ASCII, which a stranger may send.
    if not visitor.form_token or not hmac.compare_digest(given.encode(), visitor.form_token.encode()):
        return "This form is from another session. Nothing was done: go back, load the page again, then decide."
    return ""
