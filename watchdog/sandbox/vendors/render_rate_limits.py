"""Render's rate limits: fixed windows aligned to the clock minute, counted per bucket.

Sources: recorded `Ratelimit-*` headers. `Ratelimit-Reset` is the number of seconds left, not an epoch.
The bucket of rollback, cancel and restart was never recorded: the sandbox assumes the strictest one, per service.
"""

from dataclasses import dataclass, field

from watchdog.sandbox import clock

WINDOW_SECONDS = 60
READS_PER_MINUTE = 400
WRITES_PER_MINUTE = 100
CHANGES_PER_SERVICE_PER_MINUTE = 10


@dataclass(frozen=True, slots=True)
class LimitVerdict:
    """Whether a call is allowed, and its rate-limit headers."""

    allowed: bool
    headers: dict[str, str]


@dataclass(slots=True)
class Limits:
    """The counters of the current minute."""

    window: int = 0
    used: dict[str, int] = field(default_factory=dict)

    def take(self, method: str, path: str, service_id: str | None) -> LimitVerdict:
        """Count a call in its bucket and return the verdict; a refused call is not counted."""
        bucket, limit = bucket_of(method, path, service_id)
        window, into = divmod(clock.now(), WINDOW_SECONDS)
        # Recorded at Render: all buckets start anew with the clock minute, not a minute after their first call.
        if int(window) != self.window:
            self.window = int(window)
            self.used.clear()
        used = self.used.get(bucket, 0)
        allowed = used < limit
        if allowed:
            self.used[bucket] = used + 1
        left = str(int(WINDOW_SECONDS - into))
        headers = {
            "Ratelimit-Limit": str(limit),
            "Ratelimit-Remaining": str(max(0, limit - used - 1)),
            "Ratelimit-Reset": left,
        }
        return LimitVerdict(allowed, headers if allowed else {**headers, "Retry-After": left})


def bucket_of(method: str, path: str, service_id: str | None) -> tuple[str, int]:
    """Return the bucket of a call, and the calls that it allows in a minute."""
    # All GETs of a user share one bucket, over all keys and services.
    if method == "GET":
        return "reads", READS_PER_MINUTE
    shared = method == "PATCH" or path.endswith(("/deploys", "/scale", "/rollback", "/cancel", "/restart"))
    if service_id is not None and shared:
        return f"changes {service_id}", CHANGES_PER_SERVICE_PER_MINUTE
    return "writes", WRITES_PER_MINUTE
