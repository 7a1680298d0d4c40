"""Sentry's error counts: the site's own 5xx answers, and a background of errors that every site has.

Rule 1: a site that does not run reports nothing: refused and hanging versions are silent, as with the real SDK.
Rule 2: events of the last INGESTION_LAG_SECONDS are not counted yet; buckets that end within INGESTION_DELAY_SECONDS
of now are marked incomplete.
Rule 3: the background depends only on the seed and the minute, so that two calls agree.
"""

import random
from dataclasses import dataclass, replace

from watchdog.sandbox import clock
from watchdog.sandbox.cloud import Cloud, Hit

INGESTION_DELAY_SECONDS = 90.0
"""Sentry's own constant for `incomplete`."""
INGESTION_LAG_SECONDS = 15.0
BACKGROUND_PER_MINUTE_MAX = 3
"""The background is 0 to 3 errors a minute, 1.5 on average."""
PROJECTS = {"web": "2001", "api": "2002", "jobs": "2003"}
"""Slug (the service's name) to Sentry's numeric id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of a query. Empty `releases` match any."""

    projects: tuple[str, ...]
    releases: tuple[str, ...] = ()
    environment_known: bool = True
    failing_only: bool = True


class Counts:
    """Counts of errors over time."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def between(self, start: float, end: float, wanted: Wanted) -> int:
        """Return the number of events in [start, end) that have arrived so far."""
        if not wanted.environment_known:
            return 0
        arrived = min(end, clock.now() - INGESTION_LAG_SECONDS)
        real = sum(1 for hit in self.cloud.hits if start <= hit.at < arrived and self._matches(hit, wanted))
        return real + sum(self._background(project, start, arrived, wanted) for project in wanted.projects)

    def _matches(self, hit: Hit, wanted: Wanted) -> bool:
        failing = hit.status >= 500 or not wanted.failing_only
        return failing and hit.service in wanted.projects and wanted.releases in ((), (hit.commit,))

    def _background(self, project: str, start: float, end: float, wanted: Wanted) -> int:
        """Return the background of the minutes that begin in [start, end); a release has that of its own time."""
        # -(-a // b) rounds up: a minute counts in the bucket in which it begins, so none is counted twice.
        total, minute = 0, -(-int(start) // 60)
        while minute * 60 < end:
            live = self.cloud.services[project].live_at(minute * 60)
            if not wanted.releases or (live is not None and (live.commit,) == wanted.releases):
                total += self.background_of(project, minute)
            minute += 1
        return total

    def background_of(self, project: str, minute: int) -> int:
        """Return the background errors of one minute (epoch minutes)."""
        luck = random.Random(f"{self.cloud.seed} {project} {minute}")  # noqa: S311 - reproducible noise
        return luck.randint(0, BACKGROUND_PER_MINUTE_MAX)


@dataclass(frozen=True, slots=True)
class Group:
    """An issue: one kind of error in one release. `number` is the part of its id that counts up."""

    number: int
    project: str
    title: str
    culprit: str
    first_release: str
    count: int
    first_seen: float
    last_seen: float


def groups(cloud: Cloud, wanted: Wanted) -> list[Group]:
    """Return the issues: the background's old one, and one per failing release and path, newest first."""
    found: list[Group] = []
    now = clock.now()
    for project in wanted.projects:
        seen: dict[tuple[str, str, int], list[float]] = {}
        for hit in cloud.hits:
            if hit.service == project and hit.status >= 500 and hit.at < now - INGESTION_LAG_SECONDS:
                seen.setdefault((hit.commit, hit.path, hit.status), []).append(hit.at)
        for (commit, path, status), times in seen.items():
            title = f"HTTPException: {status}"
            found.append(Group(0, project, title, f"GET {path}", commit, len(times), min(times), max(times)))
        old = cloud.services[project].deploys[0]
        count = sum(Counts(cloud).background_of(project, int(now // 60) - ago) for ago in range(1, 60))
        title = "TimeoutError: mail server"
        found.append(Group(0, project, title, "acme.mail.send", old.commit or "", count, old.created_at, now - 60))
    # Numbered from the oldest, so that an issue keeps its number when newer ones appear.
    found.sort(key=lambda group: group.first_seen)
    return [replace(group, number=number) for number, group in enumerate(found, start=1)][::-1]
