"""The time of each phase of a probe, and the phase it is in, so that a timeout names its place."""

from time import perf_counter

from watchdog.domain.readings import Phases

DNS, CONNECT, TLS, FIRST_BYTE, BODY = "dns", "connect", "tls", "first byte", "body"


class Stopwatch:
    """A watch that starts when it is made; several hops of one probe add up."""

    def __init__(self) -> None:
        self._begin = perf_counter()
        self._since = self._begin
        self._spent: dict[str, float] = {}
        self.step = DNS
        self.status = 0  # of the newest answer, also of a proxy's
        self._through_proxy = False

    def enter(self, step: str) -> None:
        """Start a phase."""
        # A second try of the same phase, as at another address, adds to it: its clock must go on.
        if step != self.step:
            self.step = step
            self._since = perf_counter()

    def leave(self, step: str) -> None:
        """End a phase, and add its time."""
        now = perf_counter()
        self._spent[step] = self._spent.get(step, 0.0) + now - self._since
        self._since = now

    @property
    def is_at_the_proxy(self) -> bool:
        """Return whether the site was not asked yet: the connection to the proxy, or its tunnel, does not stand."""
        return self._through_proxy and (self.step in (DNS, CONNECT) or self.status == 0)

    def goes_through_a_proxy(self) -> None:
        """Note that a proxy is asked next for a tunnel."""
        self._through_proxy, self.status = True, 0

    @property
    def total_seconds(self) -> float:
        """Return seconds since the start."""
        return perf_counter() - self._begin

    def phases(self) -> Phases:
        """Return the phases measured so far."""
        return Phases(
            dns_seconds=self._spent.get(DNS),
            connect_seconds=self._spent.get(CONNECT),
            tls_seconds=self._spent.get(TLS),
            first_byte_seconds=self._spent.get(FIRST_BYTE),
            total_seconds=self.total_seconds,
        )
