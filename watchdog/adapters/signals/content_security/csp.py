"""The signal `csp`: does the page's own policy block what the page itself loads?

`policy: {csp: https://www.acme.example}`

A deploy that tightens a policy, or adds a script from a new host, leaves a page that answers 200 and does not work.
Both stand in one answer: the policy in headers and meta elements, the resources in the HTML. No browser is needed.

Rule 1: a page that was not read, is no HTML, or is too large is `Unknown`: whether it answers is what probes are for.
Rule 2: what is called blocked is blocked (policy.py); what scripts load later is not seen.
"""

import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, Field

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.options import Context
from watchdog.adapters.signals.content_security.page import Resource
from watchdog.adapters.signals.content_security.policy import judged
from watchdog.adapters.signals.options import Every, NeverCriticalOptions, Timeout, Url, probe_policy
from watchdog.adapters.signals.pattern import TooSlow, beside
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import Answer, ProbeTransport
from watchdog.adapters.signals.redirects import REDIRECTS, within
from watchdog.adapters.signals.source import Source, unknown
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, Reading
from watchdog.ports import Sample

KIND = "csp"
PAGE_BYTES_MAX = 512 * 1024
SHOWN_MAX = 3
HEADER = "content-security-policy"
_HEADERS = {"Accept": "text/html"}


def _check_ignored(begin: str) -> str:
    # An empty text, or a scheme alone, is the begin of every address.
    if not re.match(r"(https?|data):.*[^\s/:]", begin):
        raise ValueError("not the begin of an address: write https://tracker.example/, with as much as it takes")
    return begin


class CspOptions(NeverCriticalOptions):
    """Options of `csp`; the page is the value of the key that names the kind.

    `ignore` names resources that may be blocked, by the begin of their address.
    """

    csp: Url
    ignore: tuple[Annotated[str, AfterValidator(_check_ignored)], ...] = Field(default=(), max_length=50)
    every: Every = 60.0
    timeout: Timeout = 10.0


class PolicyCheck(Source):
    """Reads one page, and weighs its policy against its resources."""

    def __init__(self, name: str, options: CspOptions, wire: ProbeTransport) -> None:
        super().__init__(name, KIND, every_seconds=options.every, timeout_seconds=options.timeout + 1.0)
        self._options = options
        self._wire = wire
        self._turn = 0

    async def look(self) -> Sequence[Sample]:
        """Read the page once."""
        self._turn += 1
        watch, url = Stopwatch(), httpx.URL(self._options.csp)
        asked = self._wire.get(url, watch, max_body=PAGE_BYTES_MAX, turn=self._turn, headers=_HEADERS)
        came = await within(self._options.timeout, watch, asked)
        if isinstance(came, Failure):
            return unknown(f"the page was not read: {came.why}")
        # The policy and relative addresses belong to the page's own address.
        if came.status in REDIRECTS:
            return unknown(f"HTTP {came.status}: the page redirects; write the address that it leads to")
        if not 200 <= came.status < 300:
            return unknown(f"the page was not read: HTTP {came.status}")
        if came.too_large or came.coding:
            return unknown("the page is larger than 512 KiB, or compressed in a way that is not read")
        if "html" not in came.headers.get("content-type", ""):
            return unknown("the answer is no HTML")
        try:
            return (Sample(await beside(self._judge, came, url)),)
        except TooSlow as slow:
            return unknown(str(slow))

    def _judge(self, answer: Answer, url: httpx.URL) -> Reading:
        """Weigh the policies against each resource. Not on the event loop."""
        policies, found = judged(_text(answer.body), url, answer.headers.get_list(HEADER))
        if not policies:
            return Good("no policy, which blocks nothing")
        wanted = [(one, by) for one, by in found if not self._is_ignored(one)]
        blocked = [(one, by) for one, by in wanted if by]
        if not blocked:
            return Good(f"the policy lets all {len(wanted)} resources of the page load")
        shown = ", ".join(dict.fromkeys(f"{_shown(one)} ({by})" for one, by in blocked[:SHOWN_MAX]))
        more = f" and {len(blocked) - SHOWN_MAX} more" if len(blocked) > SHOWN_MAX else ""
        return Bad(f"the policy blocks {len(blocked)} of {len(wanted)} resources of the page: {shown}{more}")

    def _is_ignored(self, resource: Resource) -> bool:
        return resource.url is not None and str(resource.url).startswith(self._options.ignore)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _shown(resource: Resource) -> str:
    """Return a resource for people, without the query of its address, which may hold a secret."""
    if resource.url is None:
        return "a script in the page" if resource.directive == "script-src" else "a style in the page"
    if resource.url.scheme == "data":
        return "a data: address"
    parts = urlsplit(str(resource.url))
    return plain(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}", 100)


def build(name: str, options: CspOptions, context: Context, wire: ProbeTransport | None = None) -> PolicyCheck:
    """Return the source. `wire` replaces the trust store and the resolver in tests."""
    return PolicyCheck(name, options, wire or ProbeTransport(guard=context.guard))


def policy_of(name: str, options: CspOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)
