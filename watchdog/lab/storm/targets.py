"""Which rollbacks were wrong: sent to a bad place, at the wrong moment, or against a human's latest act.

It judges by the records of the platform, the sites and the people. A careful look may be `LOOK_MAX_SECONDS` old when a
request leaves; every change before that look had to be seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.domain.notices import NoticeKind
from watchdog.lab.storm.backups import Restored
from watchdog.lab.storm.channels import Arrived
from watchdog.lab.storm.episodes import Episode, Episodes
from watchdog.lab.storm.remedies import Order
from watchdog.lab.storm.render import Accepted, Release, Render, Seen, Service
from watchdog.lab.storm.seed_verdict import ASKED_SECONDS, was_asked
from watchdog.lab.storm.store import Obeyed

LOOK_MAX_SECONDS = 5.0 + 3.0 + 1.0
"""How old the last look may be when a request leaves: the guard, the staleness of a list, and a little."""
WELL_SECONDS = 20.0
"""A site that worked for so long before the send needed no rollback: a failure was to be seen in the last 15 s."""
ON_TOP_WORDS = "went live on top of"
"""How a question names a deploy that a yes takes back beside the blamed one."""
SAVED_SECONDS = 2.0
"""What a worker sees is saved within so long, as the handbook says (guarantees)."""
ONSET_SECONDS = 5.0
"""An onset is known only so well: a probe takes its time, and a deploy list may be some seconds old."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Through the watchdog: rollbacks and the end of pauses asked for, and commands obeyed (they may wait).

    `notices`: what people had to read.
    """

    asked: Sequence[tuple[str, float]] = ()
    obeyed: Sequence[Obeyed] = ()
    resumed: Sequence[float] = ()
    restored: Sequence[Restored] = ()
    notices: Sequence[Arrived] = ()

    def forgot(self, said: Obeyed, at: float) -> bool:
        """Return whether the store had lost that command at that moment (virtual seconds), by a restore."""
        return any(one.copied_at < said.at <= one.at <= at for one in self.restored)


def wrong(accepted: Sequence[Accepted], render: Render, episodes: Episodes, orders: Orders) -> list[str]:
    """Return the rollbacks that should not have been sent there, or not at that moment."""
    found = []
    for one in accepted:
        why = _why_wrong(one, render, episodes, orders)
        if why:
            found.append(f"{one.service}: {one.made} to {one.target.deploy.id}, sent at {one.sent_at:.1f} s: {why}")
    return found


def repeated(accepted: Sequence[Accepted], orders: Orders) -> list[str]:
    """Return the rollbacks away from code that another of ours had left before, without a human's order.

    That holds for a store that forgot the first one, too. Code that was left by hand was not found bad by the daemon.
    """
    found = []
    judged = [one for one in accepted if not was_asked(orders.asked, one.service, one.sent_at)]
    for one in accepted:
        before = [other for other in judged if other.landed_at < one.sent_at and _left_the_same(other, one)]
        if not before or was_asked(orders.asked, one.service, one.sent_at):
            continue
        since = before[-1].landed_at
        yes = any(said.name == "approve" and said.service == one.service and since < said.at for said in orders.obeyed)
        if not yes:
            found.append(f"{one.service}: {one.made} left what {before[-1].made} had left before, and nobody said so")
    return found


def _left_the_same(one: Accepted, other: Accepted) -> bool:
    if one.service != other.service or one.left is None or other.left is None:
        return False
    # By commit, as the same bad code comes back under a new deploy id.
    return one.left.deploy.commit == other.left.deploy.commit


def given_back(services: Sequence[Service], accepted: Sequence[Accepted]) -> list[str]:
    """Return where auto-deploy was switched on again though the newest code was rolled away from (people never do)."""
    found = []
    for service in services:
        values = [*(value for _, value in service.switches), service.auto_deploy][1:]
        for (at, before), value in zip(service.switches, values, strict=True):
            left = _newest_left(service, accepted, at) if before == "off" and value != "off" else None
            if left is not None:
                found.append(f"{service.name}: auto-deploy was given back at {at:.0f} s to {left.deploy.id}")
    return found


def _newest_left(service: Service, accepted: Sequence[Accepted], at: float) -> Release | None:
    """Return the newest release that no rollback made, if one of ours that went live had left its code by then."""
    ours = [one for one in accepted if one.service == service.name]
    made = {one.made: one for one in ours}
    new = (one for one in service.releases if one.began_at <= at)
    newest = next((one for one in new if not one.deploy.is_rollback and one.deploy.id not in made), None)
    live = {one.deploy.id for one in service.releases if one.live_at is not None and one.live_at <= at}
    left = {one.left.deploy.commit for one in ours if one.left is not None and one.made in live}
    return newest if newest is not None and newest.deploy.commit in left else None


def _why_wrong(one: Accepted, render: Render, episodes: Episodes, orders: Orders) -> str:
    looked = one.sent_at - LOOK_MAX_SECONDS
    asked = was_asked(orders.asked, one.service, one.sent_at)
    # No look could show that a target served which went live only after the last look.
    if one.target.live_at is None or one.target.live_at > looked:
        return "it never served"
    # A person may choose a bad target: then it is their choice, not the daemon's.
    if one.target.fails and not asked:
        return "it is bad itself"
    releases = render.services[one.service].releases
    suspects = (_live_then(releases, looked), _live_then(releases, one.sent_at))
    reasons = [_why_wrong_of(suspect, one, render, episodes, orders, asked=asked) for suspect in suspects]
    # The last look may have shown either of the two as live: wrong is only what was wrong for both.
    return reasons[0] if all(reasons) else ""


def _why_wrong_of(
    suspect: Release, one: Accepted, render: Render, episodes: Episodes, orders: Orders, *, asked: bool
) -> str:
    """Return why it was wrong if this release was seen live: it may have changed too shortly before to be seen."""
    looked, releases = one.sent_at - LOOK_MAX_SECONDS, render.services[one.service].releases
    if suspect.deploy.commit == one.target.deploy.commit:
        return "it is the suspect's own code"
    begun = [other for other in releases[: releases.index(suspect)] if other.began_at <= looked]
    coming = [other for other in begun if other.ended_at is None or other.ended_at > one.sent_at]
    if coming:
        return f"{coming[0].deploy.id} had been on its way for {one.sent_at - coming[0].began_at:.0f} s"
    service = render.services[one.service]
    return paused(one, orders) or ("" if asked else uncalled_for(one, suspect, service, episodes, orders))


def _live_then(releases: Sequence[Release], moment: float) -> Release:
    served = [other for other in releases if other.live_at is not None and other.live_at <= moment]
    # Releases are newest first: of two that went live in one moment the newer one serves.
    return max(served, key=lambda other: (other.live_at or 0.0, -releases.index(other)))


def _first_traffic(release: Release, service: Service) -> float:
    """Return when a release could first be to blame (virtual seconds): a failure from then on may be its doing.

    For all that was to be seen, that is from the last look at the deploys on that did not show it taking over yet.
    """
    # Instances take traffic before the platform says `live`, so they may fail from then on.
    replacing_at = release.replacing_at if release.replacing_at is not None else release.live_at
    assert replacing_at is not None, "it served"
    not_yet = [asked_at for asked_at, as_of in service.looks if as_of < replacing_at]
    return max([release.began_at, *not_yet]) - ONSET_SECONDS


def _seen_failing(service: Service, episode: Episode, one: Accepted | Order) -> float:
    """Return when the episode, as bad as it was known to be at the send, was first seen; when it began, if never.

    A site that is calm is looked at every ten seconds only, and one that fails by half may look well. That it became
    worse counts if a failure was seen afterwards and before the last look.
    """
    looked, seen_at = one.sent_at - LOOK_MAX_SECONDS, [it.at for it in service.seen_failing if _is_known(it, one)]
    known = [rose for rose, _ in episode.rises if any(rose <= seen <= looked for seen in seen_at)]
    began = max([episode.began, *known])
    return next((seen for seen in seen_at if seen >= began), began)


def _is_known(seen: Seen, one: Accepted | Order) -> bool:
    """Return whether the sender can know of a failure: another worker's that was killed or frozen at once is not saved.

    That one may know it once it goes on; what it saw afterwards counts for itself.
    """
    saved = not any(0.0 <= at - seen.at <= SAVED_SECONDS for at in seen.by.stopped_at)
    return saved or seen.by.name == one.worker


def paused(one: Accepted | Order, orders: Orders) -> str:
    """Return that a pause was in force: known to the sender, or for so long that every worker had to know it."""
    resumed = (*orders.resumed, *(said.at for said in orders.obeyed if said.name == "resume"))
    for said in orders.obeyed:
        age = one.sent_at - said.at
        over = any(said.at <= at <= one.sent_at for at in resumed)
        if (
            said.name == "pause"
            and not over
            and not orders.forgot(said, one.sent_at)
            # The worker that obeyed the pause knows it at once, another one from its last look on.
            and age > (0.0 if said.worker == one.worker else LOOK_MAX_SECONDS)
        ):
            return f"a human had paused it for {age:.1f} s"
    return ""


def _code_fails(suspect: Release, service: Service) -> bool:
    return any(one.fails and one.deploy.commit == suspect.deploy.commit for one in (suspect, *service.releases))


def _given_up(other: Release, one: Accepted | Order, orders: Orders) -> bool:
    """Return whether a person said yes to a question that named this deploy: the rollback would take it back, too."""
    named = f"{other.deploy.id} {ON_TOP_WORDS}"
    asked = [
        item
        for item in orders.notices
        if item.notice.kind is NoticeKind.ASKED and named in " ".join(item.notice.lines) and item.at <= one.sent_at
    ]
    return any(
        said.name == "approve" and said.arguments.get("incident") == item.notice.incident
        for said in orders.obeyed
        for item in asked
        if item.notice.service == one.service and item.at <= said.at <= one.sent_at <= said.at + ASKED_SECONDS
    )


def uncalled_for(
    one: Accepted | Order, suspect: Release | None, service: Service, episodes: Episodes, orders: Orders
) -> str:
    """Return why the change was not needed any more, or an empty text. `suspect`: what a rollback leaves."""
    since = episodes.healthy_since(one.service, one.sent_at)
    if since is not None and one.sent_at - since > WELL_SECONDS:
        return f"the site had worked for {one.sent_at - since:.0f} s"
    episode = episodes.latest(one.service, one.sent_at)
    if episode is None:
        return "the site never failed"
    # A suspect whose code fails by itself is never innocent, even if it took over later, as our restart of it does.
    seen = _seen_failing(service, episode, one)
    innocent = suspect is not None and suspect is not episode.culprit and not _code_fails(suspect, service)
    other = suspect if innocent else None
    if other is not None and _first_traffic(other, service) > seen and not _given_up(other, one, orders):
        return f"{other.deploy.id} (by {other.by}) had taken over since it failed, and is not to blame"
    told = [said for said in orders.obeyed if said.service == one.service and not orders.forgot(said, one.sent_at)]
    stops = [said.at for said in told if said.name == "stop"]
    return "a human had said stop" if any(episode.began < at < one.sent_at for at in stops) else ""
