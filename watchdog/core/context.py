"""One step of the machine: the state under change and the effects collected so far.

It lives for a single call of `step` and never leaves it; from outside, `step` is a pure function.
"""

from dataclasses import replace
from typing import Any, TypedDict, Unpack

from watchdog.core.assess import maintenance, schedule, suppression
from watchdog.core.fold import observations
from watchdog.domain.effects import Effect, Note, ReadDeploys, SetPace, Tell, WakeAt
from watchdog.domain.events import Event
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.note_labels import NoteLabel
from watchdog.domain.notices import AnswerTerms, IncidentNews, Link, Notice, NoticeKind, Topic
from watchdog.domain.policy import Policy, Rule, ServicePolicy, Suppression
from watchdog.domain.severity import Severity

DEPLOYS_SUSPECT_SECONDS = 5.0
DEPLOYS_ACTING_SECONDS = 2.0


class Facts(TypedDict, total=False):
    """What a notice tells besides the incident: fields of IncidentNews."""

    why: str
    by: str
    since: float | None
    code: str
    also: tuple[str, ...]
    under_way: bool
    escalates: bool
    terms: AnswerTerms | None


class StepContext:
    """The state under change, seen from one service."""

    def __init__(self, state: State, event: Event, policy: Policy) -> None:
        self.state = state
        self.event = event
        self.policy = policy
        self.effects: list[Effect] = []
        self.name = ""

    @property
    def now(self) -> float:
        """Return the event's time."""
        return self.event.at

    @property
    def service(self) -> ServiceState:
        """Return the service this step is about."""
        return self.state.services[self.name]

    @property
    def service_policy(self) -> ServicePolicy:
        """Return the user's wishes for it."""
        return self.policy.services[self.name]

    @property
    def rule(self) -> Rule:
        """Return the policy's row for its incident; only asked for in phases that have one."""
        return self.policy.matrix[self.incident.severity]

    @property
    def incident(self) -> Incident:
        """Return its incident; only asked for in phases that have one."""
        incident = self.service.incident
        assert incident is not None, f"phase {self.service.phase} has an incident"
        return incident

    def set_service(self, service: ServiceState) -> None:
        """Replace the service's state."""
        services = self.state.services
        if service is not services.get(self.name):
            self.state = fast_replace(self.state, services={**services, self.name: service})

    def update_service(self, **fields: Any) -> None:
        """Change fields of the service's state."""
        self.set_service(fast_replace(self.service, **fields))

    def new_incident_id(self) -> str:
        """Return the id of a new incident: the service's name and a number of its own, so no two workers give one."""
        number = self.service.incidents + 1
        self.update_service(incidents=number)
        self.state = fast_replace(self.state, incidents=self.state.incidents + 1)
        return f"{self.name}-{number}"

    def update_incident(self, **fields: Any) -> None:
        """Change fields of the incident."""
        self.update_service(incident=replace(self.incident, **fields))

    def update_question(self, **fields: Any) -> None:
        """Change fields of what people were asked."""
        self.update_incident(question=replace(self.incident.question, **fields))

    def update_pin(self, **fields: Any) -> None:
        """Change fields of what is known of the switched-off auto-deploy."""
        self.update_incident(pin=replace(self.incident.pin, **fields))

    def update_rollback(self, **fields: Any) -> None:
        """Change fields of the incident's rollback."""
        self.update_incident(rollback=replace(self.incident.rollback, **fields))

    def update_escalation(self, **fields: Any) -> None:
        """Change fields of who was called."""
        self.update_incident(escalation=replace(self.incident.escalation, **fields))

    def emit(self, effect: Effect) -> None:
        """Ask for an effect."""
        self.effects.append(effect)

    def note(self, label: NoteLabel, text: str, about: tuple[str, ...] = ()) -> None:
        """Write a line of the story down; `about` names what it is about."""
        incident = self.service.incident if self.name else None
        open_id = incident.id if incident is not None else None
        self.emit(Note(self.now, self.name, open_id, label, text, about))

    def enter_phase(self, phase: Phase) -> None:
        """Go to a phase, and watch the deploys as closely as it needs."""
        if phase is not self.service.phase:
            self.update_service(phase=phase, phase_since=self.now)
        if self.service_policy.platform_id is not None:
            self.emit(ReadDeploys(self.name, self._deploys_every(phase)))

    def _deploys_every(self, phase: Phase) -> float:
        if phase in (Phase.PINNING, Phase.ROLLING_BACK, Phase.DEPLOYING):
            return DEPLOYS_ACTING_SECONDS
        idle = self.policy.calm_seconds
        if phase is Phase.CALM:
            return idle
        down = maintenance.in_force(self.service, self.now) if phase is Phase.PAGED else None
        if down is not None and down.ended_at is None:  # for weeks, it may be
            return min(idle, maintenance.KNOWN_SECONDS / 2)
        return DEPLOYS_SUSPECT_SECONDS

    def wake_at(self, at: float) -> None:
        """Ask to be woken."""
        self.emit(WakeAt(at))

    def update_probe_interval(self) -> None:
        """Probe as often as the phase and the watch window ask for."""
        service = self.service
        pace = self._pace(service)
        if pace != service.pace_seconds:
            self.update_service(pace_seconds=pace)
            self.emit(SetPace(self.name, pace))

    def _pace(self, service: ServiceState) -> float:
        paces = self.policy.pace
        if any(check.turned_since is not None for check in service.checks.values()):
            return paces.idle_seconds  # who is limited does not ask more often
        in_watch = self.event.at < service.watch_until
        if service.phase is Phase.CALM:
            return paces.watch_seconds if in_watch else paces.idle_seconds
        if service.phase is Phase.PAGED or service.is_kept:
            return paces.watch_seconds
        return paces.suspect_in_watch_seconds if in_watch else paces.suspect_seconds

    def notify(
        self,
        kind: NoticeKind,
        topic: Topic,
        *,
        wakes: bool = False,
        channels: tuple[str, ...] | None = None,
        restored: bool = False,
        **facts: Unpack[Facts],
    ) -> None:
        """Tell the people this severity's rule names (or these channels alone) of the incident, by its facts.

        No channel is told if the rule names none. `restored`: auto-deploy is being given back.
        """
        incident = self.incident
        channels = incident.channels if channels is None else channels
        if not channels:
            return
        silence = self.silenced_by(kind)
        if silence is not None:
            known = self.service.phase is Phase.PAGED and self.incident.paged and silence.by == suppression.PLATFORM
            self.update_incident(
                muted=self.incident.muted or not (known or kind is NoticeKind.UPDATED)
            )  # known: see manual_silences
            self.note("SILENCED", f"{topic} (kept from {', '.join(channels)} by {suppression.describe(silence)})")
            return
        facts.setdefault("terms", self._answer_terms())
        climbs = incident.severity is Severity.CRITICAL or self.service.phase is Phase.ASKING
        facts.setdefault("escalates", climbs and bool(self.policy.escalation))
        notice = Notice(
            at=self.now,
            incident=incident.id,
            service=self.name,
            severity=incident.severity,
            kind=kind,
            links=self._links(),
            wakes=wakes,
            about=IncidentNews(topic, incident, self._auto_deploy_off(restored), **facts),
        )
        self.emit(Tell(notice, channels))
        self.update_incident(paged=True, muted=False)
        how = "page" if wakes else "info"
        self.note("TOLD", f"{', '.join(channels)} ({how}): {topic}", channels)

    def _answer_terms(self) -> AnswerTerms | None:
        """Return what is asked of people now, or None: who may answer, and until when the policy keeps a yes."""
        if self.service.phase is not Phase.ASKING:
            return None
        window, approver = self.rule.window, self.rule.approver.name if self.rule.approver is not None else ""
        if window is None or schedule.within(window.hours, self.now):
            return AnswerTerms(approver)
        begins = schedule.next_beginning(window.hours, self.now)
        return AnswerTerms(approver, window.name, schedule.show(window.hours, begins), begins)

    def _auto_deploy_off(self, restored: bool) -> str:
        """Return the value of auto-deploy that is to be given back, or nothing."""
        value = self.service.auto_deploy_off
        return "" if restored or value == "off" else value

    def silenced_by(self, kind: NoticeKind) -> Suppression | None:
        """Return the silence that keeps such a notice of the incident from people, or None."""
        if not (self.policy.silences or self.state.silences or self.service.downtime):
            return None
        failing = observations.findings(self.service, self.policy, self.now)
        signals = {finding.signal for finding in (*failing, *self.incident.findings)}
        return suppression.active_silence(self.state, self.policy, self.incident, kind, signals, self.now)

    def _links(self) -> tuple[Link, ...]:
        facts, incident = self.service.facts, self.service.incident
        page = f"{self.policy.console_url}/incidents/{incident.id}" if self.policy.console_url and incident else ""
        if facts is None:
            return (Link("incident", page),) if page else ()
        found = [("incident", page), ("site", facts.url), ("dashboard", facts.dashboard_url)]
        if incident is not None and facts.repo and incident.suspect_code and incident.rollback.target_code:
            repo = facts.repo.removesuffix(".git")
            found.append(("diff", f"{repo}/compare/{incident.rollback.target_code}...{incident.suspect_code}"))
        return tuple(Link(text, href) for text, href in found if href)

    def notify_operators(
        self, kind: NoticeKind, condition: str, title: str, lines: tuple[str, ...], *, wakes: bool = True
    ) -> None:
        """Tell people about the watchdog itself; bad news wakes them, unless it can wait."""
        notice = Notice(
            at=self.now,
            incident=condition,
            service="watchdog",
            severity=Severity.HIGH,
            kind=kind,
            title=title,
            lines=lines,
            wakes=wakes and kind is NoticeKind.SELF_ALERT,
        )
        if self.policy.alerts:
            self.emit(Tell(notice, self.policy.alerts))

    def notify_info(
        self, about: str, title: str, lines: tuple[str, ...], channels: tuple[str, ...], service: str = "watchdog"
    ) -> None:
        """Tell these channels of something that is good to know and asks nothing of anybody; `about` names it."""
        notice = Notice(
            at=self.now,
            incident=about,
            service=service,
            severity=Severity.LOW,
            kind=NoticeKind.UPDATED,
            title=title,
            lines=lines,
            news=True,
        )
        self.emit(Tell(notice, channels))
        self.emit(Note(self.now, self.name, None, "TOLD", f"{', '.join(channels)} (info): {title}"))

    def notify_service(
        self, kind: NoticeKind, about: str, title: str, lines: tuple[str, ...], *, wakes: bool = False
    ) -> None:
        """Tell the service's people of something that no open incident is about; `about` names it.

        No silence holds it back: it is about what we changed, and have to give back.
        """
        notice = Notice(
            at=self.now,
            incident=about,
            service=self.name,
            severity=Severity.HIGH,
            kind=kind,
            title=title,
            lines=lines,
            links=self._links(),
            wakes=wakes,
        )
        channels = self.policy.matrix[Severity.HIGH].tell or self.policy.alerts
        if channels:
            self.emit(Tell(notice, channels))
