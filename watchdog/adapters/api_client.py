"""One HTTP client for all vendors' APIs: the meaning of an answer is decided here, once.

Rule 1: a read may be repeated; a page is one attempt (the outbox repeats it); a change of production is ONE request.
Rule 2: a read-only client owns no way to write: it is built over a transport that can only GET.
Rule 3: no message holds a URL, a key or a text of the HTTP library.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from watchdog.adapters.http_exchange import Answer, NoResponse, OnlyGet, Params, exchange, plain
from watchdog.adapters.read_budget import ReadBudget, http_date, retry_after_seconds
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.adapters.ssrf_transport import GuardedTransport
from watchdog.domain.errors import Forbidden, OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.urgency import urgency
from watchdog.ports import Clock, ClockReading

__all__ = ["Answer", "ApiClient", "Params", "PermanentAnswer", "RefusedAnswer", "TemporaryAnswer"]

NOTHING: Mapping[int, str] = MappingProxyType({})
MAX_WAIT_SECONDS = 5.0
"""How long a read waits for a rate limit or a Retry-After, in seconds; beyond that it gives up and reports the wait."""
RECONSIDER_SECONDS = 1.0
"""How often a read that leaves the rest of a budget to others checks again, in seconds: it may have become urgent."""
BLOCKED_SECONDS = 60.0
"""How long to wait, in seconds, after a firewall or a proxy refused a call: sooner is no use, and may prolong it."""
SHARED_WAIT_SECONDS = 65.0
"""The longest such wait, in seconds: a little more than one window of the vendor's limit."""
MAX_SAID = 300
BETWEEN = "a firewall or a proxy refused the call, not the key; let this machine reach {name}"
# With jitter: all services read the same vendor, and would else retry in the same moment.
_pause = wait_exponential_jitter(multiplier=0.3, max=3.0, jitter=0.3)


class PermanentAnswer(Permanent):
    """The vendor answered with a status that a retry will not change; carries the answer."""

    def __init__(self, why: str, answer: Answer) -> None:
        super().__init__(why)
        self.status = answer.status
        self.answer = answer


class RefusedAnswer(PermanentAnswer, Forbidden):
    """The vendor refuses our key, or a call that the key lacks the right for (401, 403; see `refusals`)."""


class TemporaryAnswer(Temporary):
    """The vendor answered with a status that may pass by itself."""

    def __init__(self, why: str, status: int, retry_after_seconds: float) -> None:
        super().__init__(why, retry_after_seconds=retry_after_seconds)
        self.status = status


class ApiClient:
    """A vendor's API: named for messages, limited in time and size, silent about secrets.

    `timeout_seconds` is the total deadline of one attempt, `max_body_bytes` the largest body that is read.
    `allow(method, path, json)` is asked before every request that is not a GET; `hints` are the next steps for a
    status, `refusals` the statuses of a refused key. `shares_reads`: less urgent reads wait while others need the rate
    limit (see read_budget). `guard` judges the addresses that are connected to; `transport` replaces the network in
    tests.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        clock: Clock,
        timeout_seconds: float = 10.0,
        read_only: bool = False,
        max_body_bytes: int = 8 * 1024 * 1024,
        allow: Callable[[str, str, object], bool] | None = None,
        hints: Mapping[int, str] = NOTHING,
        refusals: tuple[int, ...] = (401, 403),
        attempts: int = 3,
        shares_reads: bool = False,
        guard: AddressGuard | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        _check_headers(name, headers)
        self.name = name
        self.read_only = read_only
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._max_body_bytes = max_body_bytes
        self._allow = allow
        self._hints = hints
        self._refusals = refusals
        self._attempts = attempts
        self._secrets = _secrets((*headers.values(), *base_url.split("/")[3:]))
        self._budget = ReadBudget(clock, shares=shares_reads)
        self.clock: ClockReading | None = None
        """The offset of our clock, measured from the `Date` header of the latest answer that has one."""
        # Reads keep their connections: they come every few seconds, and a lost one costs a retry only.
        kept = transport or GuardedTransport(guard)
        self._reads = self._client(OnlyGet(kept), headers)
        self._writes: httpx.AsyncClient | None = None
        if not read_only:
            # A fresh connection per write: a kept one that died would look like an outcome that is unknown.
            unkept = httpx.Limits(max_connections=20, max_keepalive_connections=0)
            fresh = transport or GuardedTransport(guard, limits=unkept)
            self._writes = self._client(fresh, headers)

    async def get(self, path: str, params: Params | None = None) -> Answer:
        """Read, with a few attempts. Raises Temporary or Permanent (PermanentAnswer for a status)."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=_wait,
            retry=retry_if_exception(_worth_a_wait),
            sleep=self._clock.sleep,
            reraise=True,
        )
        return await retrying(self._get_once, path, params)

    async def post(self, path: str, json: object) -> Answer:
        """Post what changes no production, as a notice or a query, in one attempt; return the answer.

        Raises Temporary, Permanent or Refused.
        """
        return self._ok_or_raise(await self._write("POST", path, json))

    async def deliver(self, path: str, json: object, *, pages: bool = False) -> None:
        """Send a page or a notice; any 2xx is a delivery, one with an HTML page only if it `pages`. Raises the same."""
        came = await self._write("POST", path, json)
        # No vendor answers so: a proxy that stops a call may say 200, and the notice would be lost without a word.
        if isinstance(came, Answer) and came.ok and came.is_page and not pages:
            raise TemporaryAnswer(self._blocked(came), came.status, BLOCKED_SECONDS)
        # Also where the body breaks off or hangs: the receiver has the page, and would get it again at every retry.
        if not (isinstance(came, NoResponse) and came.accepted):
            self._ok_or_raise(came)

    async def post_form(self, path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """Post a form, in one attempt; a refusal (4xx) is an answer too. Raises Temporary or Refused."""
        _check_headers(self.name, headers or {})
        came = await self._write("POST", path, None, headers=headers, form=form)
        return came if isinstance(came, Answer) and 400 <= came.status < 429 else self._ok_or_raise(came)

    async def change(self, method: str, path: str, json: object | None) -> Answer:
        """Change production with ONE request.

        Raises Refused before anything is sent, Temporary when nothing happened (429, not connected), Permanent when
        refused (other 4xx), OutcomeUnknown otherwise (timeout, reset, 5xx, an unexpected status).
        """
        came = await self._write(method, path, json, clock=self._clock)
        if isinstance(came, NoResponse):
            # Only a request of which no byte left may be repeated: Render could have
            # started the rollback before the connection broke.
            if came.sent:
                raise OutcomeUnknown(f"{self.name} {came.why}: it may or may not have happened")
            raise Temporary(f"{self.name} {came.why}: nothing was sent")
        if came.ok:
            return came
        if came.status == 429:
            raise self._temporary(came)
        # 408 is a timeout of the vendor's own: the change may have been made in spite of it.
        if 400 <= came.status < 500 and came.status != 408:
            raise PermanentAnswer(self._words(came), came)
        raise OutcomeUnknown(f"{self._words(came)}: it may or may not have happened")

    async def close(self) -> None:
        """Close all connections."""
        await self._reads.aclose()
        if self._writes is not None:
            await self._writes.aclose()

    def theirs(self, moment: float) -> float:
        """Return a moment by our clock as one by the vendor's (UTC epoch seconds), never a later one.

        For "since": a clock of ours that is minutes ahead would else ask for what the vendor dates in the future, and
        nothing that came is taken for nothing that happened.
        """
        return moment - max(0.0, self.clock.ahead_seconds if self.clock is not None else 0.0)

    def redact(self, text: str) -> str:
        """Return the text without any of our keys, on one line of at most 300 characters."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return plain(text, MAX_SAID)

    def _client(self, transport: httpx.AsyncBaseTransport, headers: Mapping[str, str]) -> httpx.AsyncClient:
        total = self._timeout_seconds
        return httpx.AsyncClient(
            transport=transport,
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "watchdog", **headers},
            timeout=httpx.Timeout(total, connect=min(5.0, total * 0.8)),  # so that "not connected" is told apart
            # No proxy and no netrc of the environment: both would see, or replace, our key.
            trust_env=False,
            # A redirect would carry the key to a host that no configuration names.
            follow_redirects=False,
        )

    async def _get_once(self, path: str, params: Params | None) -> Answer:
        await self._wait_for_budget()
        came = await self._exchange(self._reads, "GET", path, params=params)
        if isinstance(came, NoResponse) and not came.sent:
            # The vendor counts requests that it saw; one that never left must not shorten the budget.
            self._budget.not_sent()
        return self._ok_or_raise(came)

    async def _wait_for_budget(self) -> None:
        # A read gives up after one window rather than queue: the next round asks again, with fresh facts.
        give_up = self._clock.monotonic() + SHARED_WAIT_SECONDS
        while (seconds := self._budget.seconds_to_wait(urgency())) > 0:
            if self._clock.monotonic() >= give_up:
                raise Temporary(f"{self.name}: its rate limit was needed for what is more urgent")
            await self._clock.sleep(min(seconds, RECONSIDER_SECONDS))
        seconds = self._budget.seconds_shut()
        if seconds > MAX_WAIT_SECONDS:
            why = f"{self.name} takes no more requests for {seconds:.0f} s (its rate limit is used up)"
            raise Temporary(why, retry_after_seconds=seconds)
        if seconds > 0:
            await self._clock.sleep(seconds)
        self._budget.sent(urgency())

    async def _write(
        self,
        method: str,
        path: str,
        json: object | None,
        headers: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer | NoResponse:
        if self._writes is None:
            raise Refused(f"the {self.name} client only reads: {method} is impossible")
        # The last check before the wire, inside the client: no caller can skip it.
        if self._allow is not None and not self._allow(method, path, json):
            raise Refused(f"{method} is not among what the {self.name} client may do there")
        return await self._exchange(self._writes, method, path, body=json, form=form, headers=headers, clock=clock)

    async def _exchange(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: object | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> Answer | NoResponse:
        assert not path or path.startswith("/"), "a path begins with a slash"
        came = await exchange(
            client,
            method,
            self._base_url + path,
            params=params,
            body=body,
            form=form,
            headers=headers,
            timeout_seconds=self._timeout_seconds,
            max_body_bytes=self._max_body_bytes,
            clock=clock,
        )
        if method == "GET" and isinstance(came, Answer):
            self._budget.note(came)
            answered_at = http_date(came.headers.get("date", ""))
            if answered_at is not None:
                self.clock = ClockReading(self._clock.now() - answered_at, self._clock.monotonic())
        return came

    def _ok_or_raise(self, came: Answer | NoResponse) -> Answer:
        if isinstance(came, NoResponse):
            error = Permanent if came.too_large else Temporary
            raise error(f"{self.name} {came.why}")
        if came.ok:
            return came
        if _is_blocked(came):
            raise TemporaryAnswer(self._words(came), came.status, BLOCKED_SECONDS)
        if came.status in (408, 425, 429) or came.status >= 500:
            later = self._temporary(came)
            raise TemporaryAnswer(str(later), came.status, later.retry_after_seconds)
        refused = came.status in self._refusals
        raise (RefusedAnswer if refused else PermanentAnswer)(self._words(came), came)

    def _temporary(self, answer: Answer) -> Temporary:
        # A budget of its own: this one may answer a write, whose limit says nothing about reads.
        seconds = ReadBudget(self._clock).note(answer) or retry_after_seconds(answer.headers, self._clock.now())
        return Temporary(self._words(answer), retry_after_seconds=seconds)

    def _words(self, answer: Answer) -> str:
        """Return the message for a bad status, with the next step."""
        hint = self._hints.get(answer.status, "")
        if _is_blocked(answer):
            return self._blocked(answer)
        if answer.status == 401:
            return f"{self.name} refused our key (401)" + (f": {hint}" if hint else "")
        if 300 <= answer.status < 400:
            hint = hint or "a redirect, which is not followed; check the base URL"
        # The text of a 5xx is mostly a proxy's page; that of a 4xx says which field is wrong.
        said = self.redact(_said(answer)) if answer.status < 500 else ""
        parts = [f"{self.name} answered {answer.status}"] + ([f'"{said}"'] if said else []) + ([hint] if hint else [])
        return ": ".join(parts)

    def _blocked(self, answer: Answer) -> str:
        return f"{self.name} answered {answer.status}: a page, not its own answer: {BETWEEN.format(name=self.name)}"


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, Temporary) else 0.0
    # The vendor's Retry-After is the least: a sooner retry would be refused, and counted.
    return max(asked, _pause(state))


def _worth_a_wait(error: BaseException) -> bool:
    return isinstance(error, Temporary) and error.retry_after_seconds <= MAX_WAIT_SECONDS


def _is_blocked(answer: Answer) -> bool:
    """Return whether a 401 or 403 comes from a firewall or a proxy: they answer with a page, and no API does."""
    return answer.status in (401, 403) and answer.is_page


def _said(answer: Answer) -> str:
    """Return the vendor's own explanation of an error, from the usual places."""
    if isinstance(answer.json, dict):
        for key in ("message", "detail", "error", "title"):
            said = answer.json.get(key)
            if isinstance(said, dict):
                said = said.get("message")
            if isinstance(said, str) and said:
                return said
    return "" if answer.is_page else answer.text


def _check_headers(name: str, headers: Mapping[str, str]) -> None:
    """Raise Permanent for a header that cannot be sent; the HTTP library would print it, key and all."""
    for header, value in headers.items():
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise Permanent(f"{name}: the value for {header} has spaces or signs a key cannot have: copy the key again")


def _secrets(values: Iterable[str]) -> tuple[str, ...]:
    """Return the texts that must never be repeated: header values, the keys within them, the parts of a secret path."""
    parts = {part for value in values for part in (value, value.rsplit("=", 1)[-1], *value.split())}
    # Shorter parts are words such as "Bearer", and replacing them would make messages unreadable.
    return tuple(sorted((part for part in parts if len(part) >= 8), key=len, reverse=True))
