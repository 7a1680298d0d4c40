"""The verdict on one seed, from the world's side alone: what the daemon says of itself counts for nothing.

double_rollbacks  more rollbacks taken by the platform within one episode than one, plus those a human asked for
wrong_targets     a rollback to what never served or is bad or is the suspect's own code; or sent although a newer
                  deploy was on its way, somebody else's was live, or the site had long been well, for longer than a
                  careful look can be old
missed            an episode that was critical for long, undisturbed, and ended in neither a page nor a recovery
stuck             a service, an effect or a lease not at rest one virtual hour after the faults stopped
lost_pages        a page that was written down and whose incident nobody was told of, then or later
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from watchdog.domain.notices import Notice
from watchdog.lab.storm.channels import Arrived
from watchdog.lab.storm.episodes import CRITICAL_SHARE, Episode, Episodes
from watchdog.lab.storm.render import Accepted, Render

LOOK_MAX_SECONDS = 5.0 + 3.0 + 1.0
"""How old the last look may be when a request leaves: the guard, the staleness of a list, and a little."""
WELL_SECONDS = 60.0
"""A site that worked for so long before the send needed no rollback: the confirmation must be fresh."""
LONG_SECONDS = 150.0
"""A critical episode that lasts so long without a disturbance must have been told of, or be over."""
GRACE_SECONDS = 15.0
"""After a disturbance: the other worker's takeover, or a restart."""


@dataclass(slots=True)
class Score:
    """What went wrong in one seed, each with its reason; all empty is perfect."""

    double_rollbacks: list[str] = field(default_factory=list)
    wrong_targets: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    lost_pages: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def bad(self) -> bool:
        """Tell whether anything went wrong."""
        return any((self.double_rollbacks, self.wrong_targets, self.missed, self.stuck, self.lost_pages, self.faults))


def doubles(accepted: Sequence[Accepted], episodes: Episodes, asked: Sequence[tuple[str, float]]) -> list[str]:
    """Return the rollbacks that were one too many."""
    found = []
    by_episode: dict[tuple[str, int], list[Accepted]] = {}
    for one in accepted:
        episode = episodes.latest(one.service, one.landed_at)
        by_episode.setdefault((one.service, episode.number if episode is not None else 0), []).append(one)
    for (service, number), group in by_episode.items():
        last = max(one.landed_at for one in group)
        allowed = 1 + sum(name == service and at <= last for name, at in asked)
        if len(group) > allowed:
            made = ", ".join(one.made for one in group)
            found.append(f"{service}, episode {number}: {len(group)} rollbacks taken ({made}), {allowed} allowed")
    return found


def wrong(accepted: Sequence[Accepted], render: Render, episodes: Episodes, by_hand: Collection[str]) -> list[str]:
    """Return the rollbacks that should not have been sent there, or not at that moment."""
    found = []
    for one in accepted:
        why = _why_wrong(one, render, episodes, asked=one.service in by_hand)
        if why:
            found.append(f"{one.service}: {one.made} to {one.target.deploy.id}: {why}")
    return found


def _why_wrong(one: Accepted, render: Render, episodes: Episodes, *, asked: bool) -> str:
    target, looked = one.target, one.sent_at - LOOK_MAX_SECONDS
    if target.live_at is None or target.live_at > looked:
        return "it never served"
    if target.fails and not asked:
        return "it is bad itself"
    releases = render.services[one.service].releases
    served = [other for other in releases if other.live_at is not None and other.live_at <= looked]
    suspect = max(served, key=lambda other: (other.live_at or 0.0, -releases.index(other)))
    if suspect.deploy.commit == target.deploy.commit:
        return "it is the suspect's own code"
    begun = [other for other in releases[: releases.index(suspect)] if other.began_at <= looked]
    coming = [other for other in begun if other.ended_at is None or other.ended_at > one.sent_at]
    if coming:
        return f"{coming[0].deploy.id} had been on its way for {one.sent_at - coming[0].began_at:.0f} s"
    since = episodes.healthy_since(one.service, one.sent_at)
    if since is not None and one.sent_at - since > WELL_SECONDS and not asked:
        return f"the site had worked for {one.sent_at - since:.0f} s"
    return ""


def missed(
    episodes: Episodes,
    accepted: Sequence[Accepted],
    arrived: Sequence[Arrived],
    stopped: Sequence[tuple[str, float]],
    disturbed: Sequence[tuple[float, float]],
) -> list[str]:
    """Return the critical episodes that nobody heard of (nor stopped us in) and that we did not end."""
    found = []
    for one in episodes.all:
        if one.share < CRITICAL_SHARE or _undisturbed(one, disturbed) < LONG_SECONDS:
            continue
        told = any(item.at >= one.began and item.notice.service in (one.service, "watchdog") for item in arrived)
        told = told or any(name == one.service and at >= one.began for name, at in stopped)
        cured = one.ended is not None and any(
            item.service == one.service and one.began <= item.landed_at <= one.ended for item in accepted
        )
        if not told and not cured:
            lasted = (one.ended or 0.0) - one.began
            found.append(f"{one.service}, episode {one.number}: failed for {lasted:.0f} s, nobody was told")
    return found


def _undisturbed(episode: Episode, disturbed: Sequence[tuple[float, float]]) -> float:
    """Return the longest stretch (seconds) of the episode without a disturbance."""
    end = episode.ended if episode.ended is not None else float("inf")
    longest, since = 0.0, episode.began
    for start, stop in sorted(disturbed):
        if stop + GRACE_SECONDS <= since or start >= end:
            continue
        longest = max(longest, min(start, end) - since)
        since = max(since, stop + GRACE_SECONDS)
    return max(longest, end - since)


def lost(owed: Sequence[Notice], arrived: Sequence[Arrived]) -> list[str]:
    """Return the pages that were written down, and of whose incident nobody was told, then or later."""
    found = []
    for notice in dict.fromkeys(owed):
        about = [
            item for item in arrived if (item.notice.incident, item.notice.service) == (notice.incident, notice.service)
        ]
        if not any(item.notice.at >= notice.at for item in about):
            found.append(f"{notice.incident} {notice.kind.value}: {notice.title}")
    return found
