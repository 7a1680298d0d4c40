"""The verdict on one seed, from the world's side alone: the daemon's own record is not used.

double_rollbacks  more rollbacks taken by the platform within one episode than one, plus those a human asked for; or
                  code left by a second one, in any episode, without a person's order
wrong_targets     a rollback that should not have been sent there, or a change not at that moment; or auto-deploy given
                  back to code that was rolled away from: see targets.py
missed            a critical episode that ended in neither a page nor a real recovery, or an end that was claimed and
                  was none: see missed_outages.py
stuck             a service, effect, person's command or lease not at rest one virtual hour after the faults stopped
lost_pages        a page that the outbox had and that a channel never got, though it worked for long enough
left_off          auto-deploy that is off at the end because of us, and no notice says so
left_open         an incident that is over, and whose row says that it is open: history and public page would say so
double_remedies   a remedy sent twice in an episode, or while another change was on its way: see remedy_verdict.py
early_rollbacks   a rollback before the remedies of its service were tried, or while one had not had its time
untold_remedies   a remedy that is done without a notice to people, or whose last notice says the contrary
rung_after_end    a channel whose last notice about an ended incident is a page
faults            the daemon's own: a task that died, a promise it found broken; a lease that was not respected
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from watchdog.domain.incidents import Incident
from watchdog.domain.notices import NoticeKind
from watchdog.lab.storm.backups import Restored
from watchdog.lab.storm.channels import Arrived, Owed, Post
from watchdog.lab.storm.episodes import Episodes
from watchdog.lab.storm.loop import DEAD
from watchdog.lab.storm.render import Accepted, Service

ASKED_SECONDS = 180.0
"""How long after a human asked for a rollback it may be sent: the command may wait, the pin and the list take time."""
PIN_SECONDS = 60.0
"""How long after its order the switch may come, and before it a page that reports it."""
# The judge reads texts as a person would. Only the laboratory may: no code of the daemon depends on wording.
OFF_WORDS = (
    "auto-deploy is off",
    "auto-deploy, which is off because of us",
    "auto-deploy may be off",
    "auto-deploy: off, read back",
    "auto-deploy: off once more",
    "auto-deploy: still off",
    "auto-deploy: not confirmed",
    "until then merges are not deployed",
)
ON_WORDS = ("is being given back", "auto-deploy: given back", "auto-deploy is on again")
"""The words by which a reader knows the state of auto-deploy; a message with both says that it is off."""
DELIVERY_SECONDS = 150.0
"""A channel that works for so long has every page: more than the longest gap between attempts, twice."""


@dataclass(slots=True)
class Score:
    """The failures of the daemon in one seed, each with its reason; all empty is perfect."""

    double_rollbacks: list[str] = field(default_factory=list)
    wrong_targets: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    lost_pages: list[str] = field(default_factory=list)
    left_off: list[str] = field(default_factory=list)
    left_open: list[str] = field(default_factory=list)
    rung_after_end: list[str] = field(default_factory=list)
    double_remedies: list[str] = field(default_factory=list)
    early_rollbacks: list[str] = field(default_factory=list)
    untold_remedies: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def bad(self) -> bool:
        """Return whether anything went wrong."""
        return any((*self._serious, self.left_off, self.left_open, self.rung_after_end, self.faults))

    @property
    def _serious(self) -> tuple[list[str], ...]:
        return self.double_rollbacks, self.wrong_targets, self.missed, self.stuck, self.lost_pages, *self._of_remedies

    @property
    def _of_remedies(self) -> tuple[list[str], ...]:
        return self.double_remedies, self.early_rollbacks, self.untold_remedies


def was_asked(asked: Sequence[tuple[str, float]], service: str, at: float) -> bool:
    """Return whether a human had asked for a rollback of the service shortly before."""
    return any(name == service and 0 <= at - when <= ASKED_SECONDS for name, when in asked)


def doubles(accepted: Sequence[Accepted], episodes: Episodes, asked: Sequence[tuple[str, float]]) -> list[str]:
    """Return the rollbacks that were one too many."""
    found = []
    by_episode: dict[tuple[str, int], list[Accepted]] = {}
    for one in accepted:
        episode = episodes.latest(one.service, one.landed_at)
        by_episode.setdefault((one.service, episode.number if episode is not None else 0), []).append(one)
    for (service, number), group in by_episode.items():
        first, last = min(one.sent_at for one in group), max(one.sent_at for one in group)
        # A request shortly before the first rollback counts, too: its command may have waited in the store.
        allowed = 1 + sum(name == service and first - ASKED_SECONDS <= at <= last for name, at in asked)
        if len(group) > allowed:
            made = ", ".join(one.made for one in group)
            found.append(f"{service}, episode {number}: {len(group)} rollbacks taken ({made}), {allowed} allowed")
    return found


def lost(post: Post, end: float, services: Sequence[Service] = ()) -> list[str]:
    """Return the pages that never arrived at a channel, though it worked for long enough afterwards.

    A page without a record is owed only while the worker lives that had it in memory; so is a page of a worker about
    itself. One that auto-deploy is off is not owed if it was on, for good, when the channel could first have it: a
    worker that stood still meanwhile finds the matter over in the record, and would ring for what is not so.
    """
    # A dict keeps the order in which they are found; a set of texts has another order in each run.
    found: dict[str, None] = {}
    known = {page.notice.identity for page in post.owed if page.by is not None and page.by.state is not DEAD}
    for page in post.owed:
        of_itself = page.notice.kind is NoticeKind.SELF_ALERT and page.notice.identity not in known
        if of_itself or (page.by is not None and page.by.state is DEAD):
            continue
        for channel in page.channels:
            # From the end of the channel's last outage: an attempt before that may have failed with good reason.
            worked_from = max([_could_be_sent(page), *(one.stop for one in post.outages if one.channel == channel)])
            told = any(one.channel == channel and _tells(one, page, post.composed) for one in post.arrived)
            # Read elsewhere, and over.
            told = told or any(_ends(one, page) and one.at <= worked_from for one in post.arrived)
            told = told or (page.by is not None and _on_again(page, services, worked_from))
            if end - worked_from >= DELIVERY_SECONDS and not told:
                notice = page.notice
                found[f"{channel} never got {notice.incident} {notice.kind.value}: {notice.identity[-1]}"] = None
    return list(found)


def _could_be_sent(page: Owed) -> float:
    """Return when its worker last went on, of those times that it stood still before the page was surely sent."""
    stood_still = page.by.frozen if page.by is not None else []
    return max([page.at, *(stop for start, stop in stood_still if 0.0 <= start - page.at < DELIVERY_SECONDS)])


def _tells(one: Arrived, page: Owed, composed: Mapping[tuple[object, ...], float]) -> bool:
    """Return whether this is the page, or a newer one of the same incident, or its end: they speak for it."""
    notice, owed = one.notice, page.notice
    same = (notice.incident, notice.service) == (owed.incident, owed.service)
    newer = composed.get(notice.identity, one.at) > composed.get(owed.identity, page.at)
    return notice.identity == owed.identity or (same and (notice.wakes or notice.resolves) and newer)


def _ends(one: Arrived, page: Owed) -> bool:
    notice, owed = one.notice, page.notice
    return notice.resolves and (notice.incident, notice.service) == (owed.incident, owed.service)


def _on_again(page: Owed, services: Sequence[Service], at: float) -> bool:
    """Return whether a page is about auto-deploy, which was on from some moment before `at` to the end."""
    service = next((one for one in services if one.name == page.notice.service), None)
    if service is None or not _of_auto_deploy(page.notice.incident) or service.auto_deploy == "off":
        return False
    return bool(service.switches) and service.switches[-1][0] <= at


def _of_auto_deploy(incident: str) -> bool:
    return incident.endswith("/auto-deploy")


def left_open(rows: Iterable[Incident], open_ones: Collection[str]) -> list[str]:
    """Return the rows of incidents that say open, of those that are not open any more (`open_ones`: their ids)."""
    return [f"{one.id} has no end in its row" for one in rows if one.closed_at is None and one.id not in open_ones]


def rung_after_end(
    post: Post, open_ones: Collection[str], services: Sequence[Service], restored: Sequence[Restored] = ()
) -> list[str]:
    """Return the channels whose last notice about an ended incident is a page: it stays open there for ever.

    True still is a page about auto-deploy that is off, and one about a deploy that is live: of code that was denied,
    which a person trusts one day, or replaces. A page that a worker sent from memory, or of itself, can be ended only
    while that worker lives. A copy that the network made is ignored. A notice sent between a copy of the store
    and its restore is not known to it, so nothing can end it.
    """
    last: dict[tuple[str, str, str], Arrived] = {}
    for one in sorted(post.arrived, key=lambda each: each.at):
        if not one.copy and (one.notice.wakes or one.notice.resolves):
            last[one.channel, one.notice.service, one.notice.incident] = one
    alive = {page.notice.identity for page in post.owed if page.by is not None and page.by.state is not DEAD}
    written = {page.notice.identity for page in post.owed if page.by is None}
    live = {service.live.deploy.id for service in services if service.live is not None}
    off = {service.name for service in services if service.auto_deploy == "off"}
    found = []
    for (channel, service, incident), one in last.items():
        still = incident in open_ones or incident in live or (service in off and _of_auto_deploy(incident))
        # A worker's alert about itself is written down as well, but only that worker can end it.
        known = alive if one.notice.kind is NoticeKind.SELF_ALERT else alive | written
        forgotten = any(back.copied_at < post.composed.get(one.notice.identity, one.at) <= back.at for back in restored)
        if not one.notice.resolves and not still and not forgotten and one.notice.identity in known:
            found.append(f"{channel}: the last of {incident} is a page ({one.notice.kind.value}) at {one.at:.0f} s")
    return found


def left_off(services: Sequence[Service], post: Post) -> list[str]:
    """Return the services whose auto-deploy is off (only we switch it off), and of which people know no such thing.

    The last word is the one that was composed last, for each says when that was: a page that wakes overtakes others.
    """
    found = []
    for service in services:
        if service.auto_deploy != "off":
            continue
        # The last switch alone: people may have been told of an earlier one that is over.
        since = service.switches[-1][0]
        about = [one for one in post.arrived if one.notice.service == service.name and one.at >= since - PIN_SECONDS]
        said = [one for one in about if _says_off(one) or _says_on(one)]
        said.sort(key=lambda one: post.composed.get(one.notice.identity, one.at))
        if not said or _says_on(said[-1]):
            found.append(f"{service.name}: auto-deploy is off since {since:.0f} s, and nobody was told")
    return found


def _says_off(one: Arrived) -> bool:
    return any(words in _words(one) for words in OFF_WORDS)


def _says_on(one: Arrived) -> bool:
    return not _says_off(one) and any(words in _words(one) for words in ON_WORDS)


def _words(one: Arrived) -> str:
    return " ".join((one.notice.title, *one.notice.lines)).lower()
