"""Events about all services at once: connectivity, status pages, pause, broken invariants, the deny-list.

Theory. Failed probes mean nothing if our own network is down. Control targets (sites that do not fail together) tell
the two apart: when none answers, no service is judged and nothing is changed until one does. That state is shared by
all services of this worker, so it is kept here and not in a phase.

Rule: after a pause or a broken invariant, only a human re-enables actions (`resume`).
"""

from collections.abc import Container, Mapping
from dataclasses import replace

from watchdog.core.assess import connectivity
from watchdog.core.assess.blame_input import STALE_VENDOR_SECONDS
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.phases import manual_silences
from watchdog.core.updates import announcement_news, blind_workers, integration_alerts, upgrade_notice, weekly_digest
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.effects import Note
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.notices import NoticeKind
from watchdog.domain.readings import Bad, Unknown
from watchdog.domain.units import show_seconds

BLIND_TELL_SECONDS = 30.0
UNREAD_MAX = 5
"""Number of services whose unread reason is listed when no probe of any service brings evidence."""
DARK_LINES = (
    "No service is judged and nothing is changed until a control target answers again.",
    "Check the network and DNS of the host that runs the watchdog.",
)
UNSEEN_LINES = (
    "No service is judged and nothing is changed until a probe of one is good or bad again.",
    f"`{command_line('status')}` says why a signal is unknown; "
    "probes that are void altogether come from an overloaded host.",
)


def perceive_control(ctx: StepContext, event: e.ControlChecked) -> None:
    """Fold a control target's reading in."""
    ctx.state = fast_replace(ctx.state, control={**ctx.state.control, event.target: (event.at, event.reading)})
    judge_sight(ctx)


def perceive_silence(ctx: StepContext, event: e.ProbesJudged) -> None:
    """Record whether any probe of any service still brings evidence."""
    ctx.state = fast_replace(ctx.state, unseen=event.silent)
    judge_sight(ctx)


def judge_sight(ctx: StepContext) -> None:
    """Update `blind_since`: enter blindness, page the operators after 30 s of it, and leave it."""
    since = ctx.state.blind_since
    # Listed again: the list was read anew, and the save without this worker had failed.
    if since is None:
        _leave_the_list(ctx, "watchdog sees again")
    # Nearly every answer of a control target ends here, before the words for it are made.
    if since is None and not connectivity.is_blind(ctx.state, ctx.policy, ctx.now):
        return
    seeing, why, _ = connectivity.assess_connectivity(ctx.state, ctx.policy, ctx.now)
    if since is None:
        ctx.state = replace(ctx.state, blind_since=ctx.now)
        ctx.emit(Note(ctx.now, "", None, "BLIND", f"{why}: the watchdog's network is at fault, nothing is changed"))
        ctx.wake_at(ctx.now + BLIND_TELL_SECONDS)
    # Only an answer ends blindness: failed readings that merely become old do not.
    elif seeing:
        _see_again(ctx, ctx.now - since)
    # The wait spares the operators a page for each blip of the host's own network.
    elif not blind_workers.is_listed(ctx.state) and ctx.now - since >= BLIND_TELL_SECONDS:
        _tell_blind(ctx, why, ctx.now - since)


def _tell_blind(ctx: StepContext, why: str, lasted: float) -> None:
    ctx.state = replace(ctx.state, blind_notified=True)
    # The page of another, or of this one before its restart, stands for it: a crash loop would ring each time.
    first = blind_workers.is_empty(ctx.state)
    blind_workers.add(ctx, why)
    if not first:
        return
    title = f"watchdog is blind: {why} for {show_seconds(lasted)}"
    lines = (*UNSEEN_LINES, *_unread(ctx)) if ctx.state.unseen else DARK_LINES
    ctx.notify_operators(NoticeKind.SELF_ALERT, "blind", title, lines)
    notified = f"{', '.join(ctx.policy.alerts)} (page)" if ctx.policy.alerts else "no channel configured"
    ctx.emit(Note(ctx.now, "", None, "NOTIFIED", f"{notified}: {title}"))


def _unread(ctx: StepContext) -> tuple[str, ...]:
    """Return one line for each of the first services that cannot be judged, with the reason."""
    found = []
    for name, service in ctx.state.services.items():
        deciding_probes = ctx.policy.services[name].deciding_probes if name in ctx.policy.services else ()
        reading = next((service.checks[name].last for name in deciding_probes if name in service.checks), None)
        if isinstance(reading, Unknown):
            found.append(f"{name}: {reading.why}")
    return tuple(found[:UNREAD_MAX])


def _see_again(ctx: StepContext, lasted: float) -> None:
    ctx.state = replace(ctx.state, blind_since=None, blind_notified=False)
    title = f"watchdog sees again after {show_seconds(lasted)}"
    ctx.emit(Note(ctx.now, "", None, "SEEING", f"{title}; what was read meanwhile does not count"))
    _leave_the_list(ctx, title)
    # Bad readings were dropped meanwhile, so no run of failures is known to be unbroken: every detector begins anew,
    # and a suspicion without an incident has lost its only evidence.
    for name, service in ctx.state.services.items():
        ctx.name = name
        service = observations.reset_detectors(service, ctx.now)
        if service.phase is Phase.SUSPECT and service.incident is None:
            service = replace(service, phase=Phase.CALM, phase_since=ctx.now)
        ctx.set_service(service)
    ctx.name = ""


def _leave_the_list(ctx: StepContext, title: str) -> None:
    """Take this worker, which sees, off the list of the blind ones; who empties the list ends their page."""
    if not blind_workers.is_listed(ctx.state):
        return
    blind_workers.remove(ctx, ctx.state.worker)
    if blind_workers.is_empty(ctx.state):
        ctx.notify_operators(NoticeKind.RESOLVED, "blind", title, ("Services are judged again, from now on.",))


def page_is_over(state: State, condition: str) -> bool:
    """Return whether the condition of a page about the watchdog itself has ended; `condition` is its dedup key.

    It may be another worker's page: all workers share what says so. Of the store's own outage (`record`) none does.
    """
    if condition == "blind":
        return blind_workers.is_empty(state)
    if condition == "disarmed":
        return not state.disarmed
    return "/" in condition and condition not in state.failing


def perceive_vendor(ctx: StepContext, event: e.VendorChecked) -> None:
    """Fold a status page's reading in, and since when the page has reported trouble without a break.

    A page that cannot be read takes back no trouble that still counts: pages fail just when their vendor does.
    """
    read_at, known = ctx.state.vendors.get(event.vendor, (0.0, None))
    counts = isinstance(known, Bad) and event.at - read_at < STALE_VENDOR_SECONDS
    if counts and isinstance(event.reading, Unknown):
        return
    since = bad_since(ctx.state.vendors_bad_since, event)
    read_at = event.read_at if event.read_at is not None else event.at
    vendors = {**ctx.state.vendors, event.vendor: (read_at, event.reading)}
    ctx.state = fast_replace(ctx.state, vendors=vendors, vendors_bad_since=since)


def bad_since(known: Mapping[str, float], event: e.VendorChecked) -> Mapping[str, float]:
    """Return since when each status page reports trouble, after one more reading; the same object if unchanged."""
    if isinstance(event.reading, Bad) and event.vendor not in known:
        return {**known, event.vendor: event.at}
    if not isinstance(event.reading, Bad) and event.vendor in known:
        return {name: at for name, at in known.items() if name != event.vendor}
    return known


def pause(ctx: StepContext, event: e.Paused) -> None:
    """Disable actions until a human resumes; probes and pages go on."""
    ctx.state = replace(ctx.state, paused_by=event.by)
    ctx.emit(Note(ctx.now, "", None, "PAUSED", f"by {event.by}: watching and paging only"))


def resume(ctx: StepContext, event: e.Resumed) -> None:
    """Enable actions again: clear the pause, the broken invariant and every refused API key."""
    state = ctx.state
    lifted = [f"paused by {state.paused_by}"] if state.paused_by else []
    lifted += [f"disarmed: {state.disarmed}"] if state.disarmed else []
    lifted += [f"{name}: {one.forbidden}" for name, one in state.services.items() if one.forbidden]
    was = f"; no longer {'; '.join(lifted)}" if lifted else ""
    ctx.emit(Note(ctx.now, "", None, "RESUMED", f"by {event.by}{was}"))
    if state.disarmed:
        ctx.notify_operators(
            NoticeKind.RESOLVED, "disarmed", f"watchdog is armed again, by {event.by}", (f"Was: {state.disarmed}",)
        )
    ctx.state = replace(state, paused_by="", disarmed="", services=_allowed(state.services, state.services))


def disarm(ctx: StepContext, event: e.InvariantBroken) -> None:
    """Disable actions: a step violated an invariant, so no invariant can be relied on."""
    ctx.emit(Note(ctx.now, "", None, "DISARMED", f"{event.what}: nothing is changed until `{command_line('resume')}`"))
    # The first violation stays on record; its page is open already.
    if ctx.state.disarmed:
        return
    ctx.state = replace(ctx.state, disarmed=event.what)
    lines = (
        f"What was found: {event.what}",
        "This is a fault of the watchdog itself. It keeps watching and paging, and changes nothing.",
        f"Look at production yourself, then: {command_line('resume')}",
    )
    ctx.notify_operators(NoticeKind.SELF_ALERT, "disarmed", "watchdog is DISARMED: an internal check failed", lines)


def forbid(ctx: StepContext, event: e.RollbackRefused) -> None:
    """Record that Render refused our API key for this service: another request would only be refused again."""
    service = ctx.state.services.get(event.service)
    if event.forbidden and service is not None:
        services = {**ctx.state.services, event.service: replace(service, forbidden=event.why)}
        ctx.state = replace(ctx.state, services=services)


def restart(ctx: StepContext, event: e.Restarted) -> None:
    """Clear refused keys, as a restart may bring a new key; silences and holds keep their ends."""
    manual_silences.wake(ctx)
    ctx.state = replace(ctx.state, services=_allowed(ctx.state.services, event.services or ctx.state.services))


def _allowed(services: Mapping[str, ServiceState], names: Container[str]) -> Mapping[str, ServiceState]:
    """Return the services, with the refusal cleared for those named."""
    freed = {name: replace(one, forbidden="") for name, one in services.items() if one.forbidden and name in names}
    return {**services, **freed} if freed else services


def trust(ctx: StepContext, event: e.CommitTrusted) -> None:
    """Remove a code from the deny-list, and its deploys from those that were likely to blame."""
    state = ctx.state
    # A prefix may name several codes; all of them are lifted.
    denied = tuple(code for code in state.denied if not _same_code(code, event.commit))
    blamed = tuple(one for one in state.blamed if not _same_code(one[1], event.commit))
    ctx.state = replace(state, denied=denied, blamed=blamed)
    if (denied, blamed) != (state.denied, state.blamed):
        ctx.emit(Note(ctx.now, "", None, "TRUSTED", f"{event.commit} by {event.by}"))
    else:
        ctx.emit(Note(ctx.now, "", None, "REFUSED", f"{event.commit} is not denied"))


def _same_code(code: str, named: str) -> bool:
    # Seven characters is git's own short form; less could lift the denial of another commit.
    named = named.removeprefix("sha256:")
    return len(named) >= 7 and code.removeprefix("sha256:").startswith(named)


def perceive_time(ctx: StepContext, event: e.TimePassed) -> None:
    """Expire silences; page about blindness once it has lasted long enough."""
    manual_silences.expire(ctx)
    if ctx.state.blind_since is not None:
        judge_sight(ctx)


HANDLERS = {
    e.ControlChecked: perceive_control,
    e.ProbesJudged: perceive_silence,
    e.VendorChecked: perceive_vendor,
    e.Paused: pause,
    e.Resumed: resume,
    e.InvariantBroken: disarm,
    e.RollbackRefused: forbid,
    e.Restarted: restart,
    e.CommitTrusted: trust,
    e.Silenced: manual_silences.silence,
    e.Held: manual_silences.hold,
    e.Unsilenced: manual_silences.end,
    e.WeekSummedUp: weekly_digest.tell,
    e.AnnouncementPosted: announcement_news.tell,
    e.PastDecidedAgain: upgrade_notice.tell,
    e.TimePassed: perceive_time,
    e.IntegrationJudged: integration_alerts.judged,
}


def perceive_event(ctx: StepContext) -> None:
    """Fold a fleet-wide event into the shared knowledge; do nothing for an event of one service."""
    handler = HANDLERS.get(type(ctx.event))
    if handler is not None:
        handler(ctx, ctx.event)  # type: ignore[operator]
