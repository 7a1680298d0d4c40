"""The address of a database as variables of the environment, by which PostgreSQL's programs connect.

Rule: no word of it stands on a command line, which every user of the machine can read, nor in an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from watchdog.domain.errors import Permanent

KEYWORDS: Mapping[str, str] = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "client_encoding": "PGCLIENTENCODING",
    "application_name": "PGAPPNAME",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "require_auth": "PGREQUIREAUTH",
    "requirepeer": "PGREQUIREPEER",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslsni": "PGSSLSNI",
}
"""Parameters of an address, and their variables: https://www.postgresql.org/docs/current/libpq-envars.html."""
SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Connection:
    """The variables of a connection, and its place without user and password."""

    variables: Mapping[str, str] = field(repr=False)
    place: str  # as in `shop on db.internal`
    secrets: tuple[str, ...] = field(repr=False)  # what no text may show


def connection(url: str, variable: str) -> Connection:
    """Return the connection that an address means; `variable` is its name. Raises Permanent for another text."""
    why = f"{variable} is not an address that can be read: write postgresql://user:password@host/database"
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise Permanent(why) from None
    if parts.scheme not in SCHEMES or parts.fragment or any(not text.isprintable() for text in (url, unquote(url))):
        raise Permanent(why)
    unknown = [name for name, _ in given if name not in KEYWORDS]
    if unknown:
        raise Permanent(f"{variable} has a parameter that is not known here: remove it")
    who, _, hosts = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    names, ports = zip(*(_host(one) for one in hosts.split(",")), strict=True)
    named = {"user": user, "password": password, "dbname": parts.path.removeprefix("/")}
    found = {name: unquote(text) for name, text in named.items() if text}
    found |= {"host": ",".join(map(unquote, names))} if any(names) else {}
    found |= {"port": ",".join(ports)} if any(ports) else {}
    found |= dict(given)
    place = f"{found.get('dbname') or found.get('user') or 'its database'} on {found.get('host') or 'this machine'}"
    secrets = tuple(text for text in (url, password, found.get("password", "")) if text)
    defaults = {"PGAPPNAME": "watchdog", "PGCONNECT_TIMEOUT": "10"}
    return Connection({**defaults, **{KEYWORDS[name]: text for name, text in found.items()}}, place, secrets)


def _host(text: str) -> tuple[str, str]:
    """Return host and port of one host of an address; an IPv6 address stands in brackets."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = text.partition(":")
    return host, port
