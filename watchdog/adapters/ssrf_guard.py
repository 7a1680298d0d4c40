"""The addresses that may be connected to: the guard against being sent into a private network (SSRF).

Rule 1: a public address may always be; a private one only where the user named it. The configured URL holds that very
address or `localhost`, or its host is listed under `private_hosts`. A redirect or a DNS answer names nothing.
Rule 2: link-local addresses never are: the clouds hand out credentials there.
Rule 3: the judged address is the one connected to: a client resolves a name, asks the guard, then connects to the
answer.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from enum import Enum

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER = tuple(map(ipaddress.ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32")))
"""Link-local, and the one cloud metadata service that has an address of its own in IPv6."""
_CARRIES_IPV4 = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")))
"""NAT64, a network's own NAT64, SIIT (RFC 2765), the old IPv4-compatible form: the last 32 bits are the destination."""
_WORLDWIDE = tuple(map(ipaddress.ip_network, ("2000::/3", "64:ff9b::/96", "::ffff:0:0/96", "0.0.0.0/0")))
"""The ranges that IANA assigns as global unicast, and the two forms of IPv4.

The rest (site-local fec0::/10, discarded 100::/64, a network's own translators) belongs to one network or to none,
whatever this Python's tables know of it.
"""
_RESERVED = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "3fff::/20")))
"""Protocol assignments and documentation: not in the tables of every Python."""


class Reach(Enum):
    """The reach of an address: the whole internet, one network, or one link."""

    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "link-local"


class AddressGuard:
    """Judges addresses; `private_hosts` are the names that may lead into a private network."""

    def __init__(self, private_hosts: Iterable[str] = ()) -> None:
        self._named = frozenset(map(_plain, private_hosts))

    def refusal(self, host: str, addresses: Sequence[str], *, redirected: bool = False) -> str:
        """Return the reason why these addresses of the host may not be connected to, or an empty text.

        One refused address condemns them all: a mix of private and public addresses is an attack or a mistake.
        `redirected` marks a host that a server chose, not the user.
        """
        for address in addresses:
            reach = reach_of(address)
            # Link-local comes first: no setting allows it, so its reason must not advise one.
            if reach is Reach.NEVER:
                return f"leads to the link-local address {address}, where we never connect"
            if reach is Reach.PRIVATE and redirected:
                return "redirected into a private network: not followed"
            if reach is Reach.PRIVATE and not self._is_named(host):
                return f"leads to the private address {address}: if that is intended, list the host under private_hosts"
        return ""

    def _is_named(self, host: str) -> bool:
        if _plain(host) in self._named or host.lower() == "localhost":  # `localhost.` would pass a filter by name
            return True
        host = _plain(host)
        literal = as_address(host)
        return literal is not None and _within(ipaddress.ip_address(literal)) is None  # a disguised one names nothing


def reach_of(address: str) -> Reach:
    """Return the reach of an IP address, looking through the forms that carry an IPv4 address in an IPv6 one."""
    outer = ipaddress.ip_address(address)
    ip = _within(outer) or outer
    if _is_in(_NEVER, ip):
        return Reach.NEVER
    # The outer form must be worldwide as well: a network's own translator is private, wherever it leads.
    is_public = ip.is_global and not ip.is_multicast and _is_in(_WORLDWIDE, outer) and not _is_in(_RESERVED, ip)
    return Reach.PUBLIC if is_public else Reach.PRIVATE


def as_address(host: str) -> str | None:
    """Return the host if it is an IP address already, without brackets; else None."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    # The name alone: `localhost.example.com` would pass a comparison of its begin.
    if host == "localhost":
        return True
    literal = as_address(host)
    return literal is not None and ipaddress.ip_address(literal).is_loopback


def _within(ip: _Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside a mapped, 6to4, Teredo, NAT64 or otherwise translated one."""
    if isinstance(ip, ipaddress.IPv4Address) or int(ip) <= 1:  # :: and ::1 are themselves
        return None
    if ip.ipv4_mapped or ip.sixtofour:
        return ip.ipv4_mapped or ip.sixtofour
    if ip.teredo:
        return ip.teredo[1]
    if _is_in(_CARRIES_IPV4, ip):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _is_in(networks: Iterable[_Network], ip: _Address) -> bool:
    return any(ip.version == network.version and ip in network for network in networks)


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
