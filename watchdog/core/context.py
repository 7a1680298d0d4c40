"""One step of the machine: the state under change and the effects collected so far.

It lives for a single call of `step` and never leaves it; from outside, `step` is a pure function.
"""

from dataclasses import replace
from typing import Any, TypedDict, Unpack

from watchdog.core.assess import maintenance, schedule, suppression
from watchdog.core.assess.current_readings import current_readings
from watchdog.core.fold import observations
from watchdog.core.notice_links import links
from watchdog.domain.decisions import Evidence
from watchdog.domain.effects import Effect, Note, ReadDeploys, SetPace, Tell, WakeAt
from watchdog.domain.events import Event
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.notices import AnswerTerms, IncidentNews, Link, Notice, NoticeKind, Topic
from watchdog.domain.policy import Policy, Rule, ServicePolicy, Suppression
from watchdog.domain.severity import Severity

# Blame needs a fresh list (its veto fires at 60 s); while acting, another person's deploy must show at once.
DEPLOYS_SUSPECT_SECONDS = 5.0
DEPLOYS_ACTING_SECONDS = 2.0

OLD_EVIDENCE_SECONDS = 30.0
"""After this long a notice states the newest readings beside the evidence of the decision."""


class Facts(TypedDict, total=False):
    """Facts that a notice states besides the incident: fields of IncidentNews."""

    why: str
    by: str
    since: float | None
    code: str
    also: tuple[str, ...]
    under_way: bool
    escalates: bool
    terms: AnswerTerms | None


class StepContext:
    """The state under change, seen from one service.

    Theory. A handler of the transition table gets no arguments but this. It reads `now`, the service, its incident and
    its policy; it replaces parts of the frozen state by the `update_` methods, and appends effects by `emit`, `note`
    and the `notify` methods. `step` returns both at the end, so a handler cannot perform anything by itself.
    """

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
        """Return the state of the service that is handled at present."""
        return self.state.services[self.name]

    @property
    def service_policy(self) -> ServicePolicy:
        """Return the configuration of this service."""
        return self.policy.services[self.name]

    @property
    def rule(self) -> Rule:
        """Return the policy's row for the severity of its incident.

        Raises AssertionError without an incident: only phases that have one call it.
        """
        return self.policy.matrix[self.incident.severity]

    @property
    def incident(self) -> Incident:
        """Return the service's incident; raises AssertionError if there is none."""
        incident = self.service.incident
        assert incident is not None, f"phase {self.service.phase} has an incident"
        return incident

    def set_service(self, service: ServiceState) -> None:
        """Replace the service's state."""
        # Identity, not equality: comparing two states field by field would cost more than the step itself.
        services = self.state.services
        if service is not services.get(self.name):
            self.state = fast_replace(self.state, services={**services, self.name: service})

    def update_service(self, **fields: Any) -> None:
        """Change fields of the service's state."""
        self.set_service(fast_replace(self.service, **fields))

    def new_incident_id(self) -> str:
        """Return the id of a new incident: the service's name and a counter of that service.

        The counter belongs to the service, so two workers that hold different services never give the same id.
        """
        number = self.service.incidents + 1
        self.update_service(incidents=number)
        self.state = fast_replace(self.state, incidents=self.state.incidents + 1)
        return f"{self.name}-{number}"

    def update_incident(self, **fields: Any) -> None:
        """Change fields of the incident."""
        self.update_service(incident=replace(self.incident, **fields))

    def update_question(self, **fields: Any) -> None:
        """Change fields of the incident's question."""
        self.update_incident(question=replace(self.incident.question, **fields))

    def update_pin(self, **fields: Any) -> None:
        """Change fields of the record of the switched-off auto-deploy."""
        self.update_incident(pin=replace(self.incident.pin, **fields))

    def update_rollback(self, **fields: Any) -> None:
        """Change fields of the incident's rollback."""
        self.update_incident(rollback=replace(self.incident.rollback, **fields))

    def update_escalation(self, **fields: Any) -> None:
        """Change fields of the incident's escalation."""
        self.update_incident(escalation=replace(self.incident.escalation, **fields))

    def emit(self, effect: Effect) -> None:
        """Append an effect; the shell performs it after the step is saved."""
        self.effects.append(effect)

    def note(self, label: NoteLabel, text: str, about: tuple[str, ...] = ()) -> None:
        """Write a line of the incident's story; `about` lists the items or channels it concerns."""
        incident = self.service.incident if self.name else None
        open_id = incident.id if incident is not None else None
        self.emit(Note(self.now, self.name, open_id, label, text, about))

    def enter_phase(self, phase: Phase) -> None:
        """Enter a phase, and read the deploy list as often as that phase needs."""
        # Re-entering a phase keeps `phase_since`: its timeouts run on, unless the handler resets them itself.
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
        # A suspended service may stay suspended for weeks: every 5 s would spend Render's rate limit on it. Half of
        # KNOWN_SECONDS keeps the last answer valid between two reads.
        if down is not None and down.ended_at is None:
            return min(idle, maintenance.KNOWN_SECONDS / 2)
        return DEPLOYS_SUSPECT_SECONDS

    def wake_at(self, at: float) -> None:
        """Ask for a `TimePassed` event at a moment (UTC epoch seconds)."""
        self.emit(WakeAt(at))

    def update_probe_interval(self) -> None:
        """Set the probe interval that the phase and the watch window need."""
        service = self.service
        pace = self._pace(service)
        if pace != service.pace_seconds:
            self.update_service(pace_seconds=pace)
            self.emit(SetPace(self.name, pace))

    def _pace(self, service: ServiceState) -> float:
        paces = self.policy.pace
        # The site rate-limits our probes: probing faster would prolong that and teach us nothing.
        if any(check.turned_since is not None for check in service.checks.values()):
            return paces.idle_seconds
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
        """Notify the channels of this severity's rule (or only `channels`) about the incident.

        Nothing is sent where the rule names no channel, or where a silence is in force: the note SILENCED records
        that. `restored`: auto-deploy is being restored, so the notice must not say that it is off.
        """
        incident = self.incident
        channels = incident.channels if channels is None else channels
        if not channels:
            return
        silence = self.silenced_by(kind)
        if silence is not None:
            # During a platform downtime, people who were paged before it know of the outage; an update is no call
            # for action. Neither is repeated when the silence ends (see manual_silences).
            known = self.service.phase is Phase.PAGED and self.incident.paged and silence.by == suppression.PLATFORM
            self.update_incident(muted=self.incident.muted or not (known or kind is NoticeKind.UPDATED))
            self.note("SILENCED", f"{topic} (kept from {', '.join(channels)} by {suppression.describe(silence)})")
            return
        facts.setdefault("terms", self._answer_terms())
        climbs = incident.severity is Severity.CRITICAL or self.service.phase is Phase.ASKING
        facts.setdefault("escalates", climbs and bool(self.policy.steps_of(incident.channels)))
        notice = Notice(
            at=self.now,
            incident=incident.id,
            service=self.name,
            severity=incident.severity,
            kind=kind,
            links=self._links(),
            wakes=wakes,
            about=IncidentNews(
                topic,
                incident,
                self._auto_deploy_off(restored),
                readings=self._readings(),
                denied=incident.suspect_code in self.state.denied,
                stopped=self.state.stop_reason,
                disarmed=bool(self.state.disarmed),
                **facts,
            ),
        )
        self.emit(Tell(notice, channels))
        self.update_incident(paged=True, muted=False)
        how = "page" if wakes else "info"
        self.note("NOTIFIED", f"{', '.join(channels)} ({how}): {topic}", channels)

    def _readings(self) -> tuple[Evidence, ...]:
        """Return the newest readings if the decision, with its evidence, is older than OLD_EVIDENCE_SECONDS."""
        decision = self.incident.decision
        if decision is None or self.now - decision.at < OLD_EVIDENCE_SECONDS:
            return ()
        return current_readings(self.service, self.policy, self.now)

    def _answer_terms(self) -> AnswerTerms | None:
        """Return who may answer the open question, and until when an approval waits for its window; else None."""
        if self.service.phase is not Phase.ASKING:
            return None
        window, approver = self.rule.window, self.rule.approver.name if self.rule.approver is not None else ""
        if window is None or schedule.within(window.hours, self.now):
            return AnswerTerms(approver)
        begins = schedule.next_beginning(window.hours, self.now)
        return AnswerTerms(approver, window.name, schedule.show(window.hours, begins), begins)

    def _auto_deploy_off(self, restored: bool) -> str:
        """Return the value of auto-deploy before we switched it off, or "" if there is nothing to restore."""
        value = self.service.auto_deploy_off
        return "" if restored or value == "off" else value

    def silenced_by(self, kind: NoticeKind = NoticeKind.HUMAN_NEEDED) -> Suppression | None:
        """Return the silence that mutes a notice of this kind about the incident, or None: of all but the end alike."""
        # The common case: without any silence the findings need not be computed.
        if not (self.policy.silences or self.state.silences or self.service.downtime):
            return None
        failing = observations.findings(self.service, self.policy, self.now)
        signals = {finding.signal for finding in (*failing, *self.incident.findings)}
        return suppression.active_silence(self.state, self.policy, self.incident, kind, signals, self.now)

    def _links(self) -> tuple[Link, ...]:
        return links(self.service.facts, self.service.incident, self.policy.console_url)

    def notify_operators(
        self,
        kind: NoticeKind,
        condition: str,
        title: str,
        lines: tuple[str, ...],
        *,
        wakes: bool = True,
        noted: str = "",
    ) -> None:
        """Notify the operators about the watchdog itself; a self-alert wakes them unless `wakes` is False.

        `noted` is written into the story with the channels, also where no channel is configured.
        """
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
        if noted:
            channels, how = ", ".join(self.policy.alerts) or "no channel configured", "page" if notice.wakes else "info"
            self.emit(Note(self.now, "", None, "NOTIFIED", f"{channels} ({how}): {noted}"))

    def notify_info(
        self, about: str, title: str, lines: tuple[str, ...], channels: tuple[str, ...], service: str = "watchdog"
    ) -> None:
        """Send these channels an informational notice that needs no reaction; `about` is its dedup key."""
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
        self.emit(Note(self.now, self.name, None, "NOTIFIED", f"{', '.join(channels)} (info): {title}"))

    def notify_service(
        self,
        kind: NoticeKind,
        about: str,
        title: str,
        lines: tuple[str, ...],
        *,
        wakes: bool = False,
        severity: Severity = Severity.HIGH,
    ) -> tuple[str, ...]:
        """Notify the service's people of a matter without an incident; return the channels. `about` is its dedup key.

        No silence applies: most are about a change that the daemon made and still has to revert.
        """
        notice = Notice(
            at=self.now,
            incident=about,
            service=self.name,
            severity=severity,
            kind=kind,
            title=title,
            lines=lines,
            links=self._links(),
            wakes=wakes,
        )
        # The rule of a severity may name no channel; the operators are then the only people who can act on it.
        channels = self.policy.matrix[severity].tell or self.policy.alerts
        if channels:
            self.emit(Tell(notice, channels))
        return channels
