"""The verdict on remedies in one seed, from the world's side alone.

Twice: more requests for a remedy within one episode than one, or one while another change was on its way. Early: a
rollback before each remedy of the service was tried, or while one had not had its time. Untold: one that is done, of
which people were not told, or last read the contrary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from watchdog.daemon.runtime.clock import SLEW
from watchdog.domain.remedies.kinds import words
from watchdog.lab.storm.channels import Post
from watchdog.lab.storm.missed_outages import Books, outage_began
from watchdog.lab.storm.remedies import Drawn, Order, Remedies, for_service
from watchdog.lab.storm.render import Accepted
from watchdog.lab.storm.seed_verdict import was_asked
from watchdog.lab.storm.targets import Orders, paused, uncalled_for

SLOWEST = 1.0 - SLEW
"""The share of a span that passes at least while a worker's clock counts the whole of it: it makes up a difference."""
BEFORE_SECONDS = 1.0
"""The daemon's clock of a proof begins with the answer, the world's with the landing: never later."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What the judge of one seed reads. `refused`: services of which a remedy's decision was not saved, and when."""

    remedies: Remedies
    accepted: Sequence[Accepted]
    books: Books
    orders: Orders
    refused: Sequence[tuple[str, float]] = ()

    def restored_between(self, begin: float, end: float) -> bool:
        """Return whether the store forgot what happened at the first moment, before the second."""
        return any(one.copied_at < begin <= one.at <= end for one in self.orders.restored)


def doubles(tried: Tried) -> list[str]:
    """Return the requests that were one too many, or that crossed another change."""
    found = []
    for service in tried.books.render.services:
        for one, other in combinations(for_service(tried.remedies.sent, service), 2):
            episodes = [tried.books.episodes.latest(service, each.sent_at) for each in (one, other)]
            same = one.of.name == other.of.name and (episodes[0] is episodes[1] or _in_cooldown(one, other))
            if same and not tried.restored_between(one.sent_at, other.sent_at):
                found.append(f"{service}: {one.of.name} sent at {one.sent_at:.0f} s and at {other.sent_at:.0f} s")
        found += _crossed(tried, service)
    return found


def _in_cooldown(one: Order, other: Order) -> bool:
    """Return whether the second came in the cooldown of the first, which was done: one that was not begins none.

    As really, so by the clocks of the senders, where both saved their rows: that the second one's is an hour fast as it
    starts, it cannot know.
    """
    first, second = sorted((one, other), key=lambda each: each.sent_at)
    passed = second.sent_at - first.sent_at
    if first.by_clock is not None and second.by_clock is not None:
        passed = max(passed, second.by_clock - first.by_clock)
    return first.landed_at is not None and passed < first.of.remedy.cooldown_seconds * SLOWEST - BEFORE_SECONDS


def _crossed(tried: Tried, service: str) -> list[str]:
    """Return the changes that were sent while another one was on its way; people may order what they like."""
    sent = [(one.sent_at, one.landed_at, one.of.name) for one in for_service(tried.remedies.sent, service)]
    ours = (one for one in tried.accepted if one.service == service)
    sent += [(one.sent_at, one.landed_at, one.made) for one in ours if not _by_person(tried, one)]
    return [
        f"{service}: {then} was sent at {at:.1f} s while {what} was on its way"
        for (_, landed, what), (at, _, then) in combinations(sorted(sent, key=lambda each: each[0]), 2)
        if landed is not None and at < landed
    ]


def _by_person(tried: Tried, one: Accepted) -> bool:
    return was_asked(tried.orders.asked, one.service, one.sent_at)


def early(tried: Tried) -> list[str]:
    """Return the rollbacks that came before the remedies of their service."""
    found = []
    for one in tried.accepted:
        if _by_person(tried, one):
            continue
        began = _began(tried, one)
        before = [
            order for order in for_service(tried.remedies.sent, one.service) if began <= order.sent_at < one.sent_at
        ]
        marked = tried.remedies.marked
        named = {name for service, name, at in marked if service == one.service and began <= at < one.sent_at}
        missing = [drawn for drawn in tried.remedies.drawn if drawn.service == one.service and drawn.name not in named]
        why = next((why for drawn in missing if (why := _why_untried(tried, drawn, one, began))), "")
        why = why or (_too_soon(tried, before[-1], one) if before else "")
        if why:
            found.append(f"{one.service}: {one.made}, sent at {one.sent_at:.0f} s: {why}")
    return found


def _began(tried: Tried, one: Accepted) -> float:
    episode = tried.books.episodes.latest(one.service, one.sent_at)
    return outage_began(tried.books, episode) if episode is not None else 0.0


def _why_untried(tried: Tried, drawn: Drawn, one: Accepted, began: float) -> str:
    off = tried.remedies.off.get(drawn.name)
    marked = [at for service, name, at in tried.remedies.marked if (service, name) == (drawn.service, drawn.name)]
    if any(0.0 <= one.sent_at - at < drawn.remedy.cooldown_seconds + BEFORE_SECONDS for at in marked):
        return ""
    unsaved = any(service == drawn.service and began <= at <= one.sent_at for service, at in tried.refused)
    if unsaved or (off is not None and off <= one.sent_at):
        return ""
    return f"{drawn.name} was not tried before"


def _too_soon(tried: Tried, order: Order, one: Accepted) -> str:
    """Return that a remedy whose yes was known had less than its time; another deploy, or a person, ends it."""
    if order.landed_at is None or not order.answered or _ended(tried, order, one):
        return ""
    had, needs = one.sent_at - order.landed_at, order.of.remedy.prove_seconds
    return f"{order.of.name} had {had:.0f} s of its {needs:.0f} s" if had < needs * SLOWEST - BEFORE_SECONDS else ""


def _ended(tried: Tried, order: Order, one: Accepted) -> bool:
    begin, end = order.sent_at, one.sent_at
    said = any(it.service == one.service and begin < it.at <= end for it in tried.orders.obeyed)
    releases = tried.books.render.services[one.service].releases
    return said or any(it.live_at is not None and begin < it.live_at <= end for it in releases if it.by != order.worker)


def wrong(tried: Tried) -> list[str]:
    """Return the remedies that were sent though a pause was in force, or no outage, or a person had said stop."""
    found = []
    for one in tried.remedies.sent:
        service = tried.books.render.services[one.service]
        why = paused(one, tried.orders) or uncalled_for(one, None, service, tried.books.episodes, tried.orders)
        if why:
            found.append(f"{one.service}: {one.of.name}, sent at {one.sent_at:.1f} s: {why}")
    return found


def untold(tried: Tried, post: Post) -> list[str]:
    """Return what is done and unknown to people: no notice since then names it, or the last one denies it.

    A task at the end, as "switch it, off since 15:10, on again", says that it is done. That it was not done in another
    incident denies nothing.
    """
    found = []
    for one in tried.remedies.sent:
        if one.landed_at is None or tried.restored_between(one.sent_at, float("inf")):
            continue
        kind = words(one.of.name)
        task = kind.undo.partition("{")[0].strip()
        phrases = (kind.done, kind.title, kind.brief, kind.no_help, kind.whether, kind.already, kind.undo_unknown, task)
        known = [phrase for phrase in phrases if phrase and phrase not in kind.undone]
        notices = [item for item in post.arrived if item.notice.service == one.service and item.at >= one.sent_at]
        notices.sort(key=lambda item: post.composed.get(item.notice.identity, item.at))
        says = []
        for notice in (item.notice for item in notices):
            text = " ".join((notice.title, *notice.lines)).lower()
            says_so, elsewhere = _names(text, known), one.incident not in ("", notice.incident)
            if says_so or (_names(text, (kind.undone,)) and not elsewhere):
                says.append(says_so)
        if not says or not says[-1]:
            what = "people read the contrary" if says else "nobody was told"
            found.append(f"{one.service}: {one.of.name} is done since {one.landed_at:.0f} s, and {what}")
    return found


def _names(text: str, phrases: Sequence[str]) -> bool:
    return any(one.lower() in text for one in phrases)
