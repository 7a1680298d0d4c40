"""From store and memory to views: the contents of each page and each API answer. Raises Temporary if the store
fails."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ceil

from watchdog.background import run_in_background
from watchdog.console.dependencies import Dependencies
from watchdog.console.queries import service_status
from watchdog.console.queries.cached_cluster_state import CachedClusterState
from watchdog.console.queries.day_history import DayHistory
from watchdog.console.queries.dependency_proposals import DependencyProposals
from watchdog.console.queries.error_budgets import Budgets
from watchdog.console.queries.follow_up_queries import FollowUpQueries
from watchdog.console.queries.gate_queries import GateQueries
from watchdog.console.queries.open_cards import open_cards, state_around
from watchdog.console.queries.pulse import Pulse, pulse_of
from watchdog.console.queries.series import SeriesQueries
from watchdog.console.queries.uptimes import Uptimes
from watchdog.console.queries.what_if import imagine
from watchdog.console.views.answer_views import answer_view
from watchdog.console.views.approval_views import (
    can_acknowledge,
    can_undo,
    plan_view,
    quiet_views,
    undo_view,
)
from watchdog.console.views.card_views import card_view
from watchdog.console.views.deploy_facts import deploy_facts, pages_of
from watchdog.console.views.lifeline import lifeline
from watchdog.console.views.settings_views import SectionView, SettingsView, SettingView
from watchdog.console.views.stats_views import StatsView, stats_view
from watchdog.console.views.timeline_views import timeline_view
from watchdog.console.views.view_builders import decision_view, deploy_views, incident_row, rollback_view
from watchdog.console.views.view_models import (
    Alternative,
    AnswerView,
    Audit,
    EvidenceView,
    HistoryView,
    Incidents,
    IncidentView,
    Overview,
    PlanView,
    ServiceRow,
    ServiceView,
)
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incident_notes import Remark, root_causes
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.presentation import explain, next_steps
from watchdog.presentation.history_table import rolled_back
from watchdog.presentation.outlooks.safe_order import order_of
from watchdog.presentation.stats_loader import PERIOD_SECONDS, Numbers
from watchdog.presentation.status_text import all_lines, open_incident, readings_now
from watchdog.presentation.text import clean, sentence

ROWS_MAX = 500
"""Incidents in one list."""
OF_SERVICE_MAX = 20
AUDITED_MAX = 300
NOTES_MAX = 1000
VALUE_MAX = 1000
DEPLOYS_MAX = 20
SHARED_SECONDS = 1.0
"""Visitors share one overview for this long, so many of them cost little more than one."""
PULSE_SECONDS = 0.9
PROBES = ("http", "latency")


class ViewQueries:
    """Reads views for a visitor."""

    def __init__(self, deps: Dependencies) -> None:
        self.deps = deps
        self.days = DayHistory(deps.journal, deps.clock)
        self.uptimes = Uptimes(deps.journal, deps.clock)
        self.numbers = Numbers(deps.journal, deps.clock)
        self.following = FollowUpQueries(deps)
        self._proposals = DependencyProposals(self.numbers, deps.clock)
        self._budgets = Budgets(deps.journal, deps.clock)
        self._cluster = CachedClusterState(deps)
        self.series = SeriesQueries(deps, self._cluster.state)
        self.gates = GateQueries(deps, self._budgets, self._cluster.state)
        self._overview: tuple[float, Overview] | None = None
        self._pulse: tuple[float, Pulse] | None = None
        self._commands = 0

    async def overview(self, tag: str | None = None) -> Overview:
        """Return the open incidents, and all services or those with a tag, failing ones first."""
        view = await self._whole_overview()
        # Incidents and warnings stay: a filter must not hide an outage.
        return view if tag is None else replace(view, services=tuple(one for one in view.services if tag in one.tags))

    async def _whole_overview(self) -> Overview:
        made = self._overview
        if made is not None and self.deps.clock.monotonic() - made[0] < SHARED_SECONDS:
            return made[1]
        commands = self._commands
        policy, state = self.deps.policy(), await self._cluster.state()
        await self.days.refresh()
        await self.uptimes.refresh(policy)
        left, said = await self.following.lately(), await self._newest_notes(state, policy.services)
        now = self.deps.clock.now()
        rows, warnings = await run_in_background(self._rows_and_warnings, policy, state, now)
        view = Overview(
            at=now,
            warnings=tuple(map(clean, warnings)),
            services=tuple(rows),
            paused=bool(state.paused_by or state.disarmed),
            follow_ups_open=left.open,
            follow_ups_overdue=left.overdue,
            open=await open_cards(self.deps, policy, policy.services, state, said, now),
            denied=tuple(map(clean, state.denied)),
        )
        if commands == self._commands:
            self._overview = self.deps.clock.monotonic(), view
        return view

    async def service(self, name: str) -> ServiceView | None:
        """Return one service, or None for an unknown name."""
        policy = self.deps.policy()
        service_policy = policy.services.get(name)
        if service_policy is None:
            return None
        state = await self._cluster.state()
        await self.days.refresh()
        now, known = self.deps.clock.now(), state.services.get(name)
        repo = known.facts.repo if known is not None and known.facts is not None else None
        # In a thread: who else fails is asked of all services, which takes some milliseconds with hundreds.
        imagined = await run_in_background(imagine, state, policy, name, now)
        decision = imagined.decision
        mine = await self.deps.journal.incidents(OF_SERVICE_MAX, service=name)
        labels, said = await self.deps.journal.labels(), await self._newest_notes(state, [name])
        return ServiceView(
            at=now,
            service=self._row(policy, name, state, now),
            signals=service_status.signals_of(policy, name, known, now),
            deploys=deploy_views(
                known.deploys[:DEPLOYS_MAX] if known is not None else (),
                decision.target if decision is not None else None,
            ),
            deploys_why="" if known is not None and known.deploys else clean(known.deploys_why if known else ""),
            imagined=imagined.signal,
            now=decision_view(decision, repo) if decision is not None else None,
            now_why=sentence(imagined.why),
            quiets=quiet_views(state, policy, name, now),
            incidents=tuple(incident_row(one, labels.get(one.id)) for one in mine),
            budget=await self._budgets.of(service_policy),
            deploy_facts=deploy_facts(known, known.deploys[:DEPLOYS_MAX] if known is not None else ()),
            card=next(iter(await open_cards(self.deps, policy, [name], state, said, now)), None),
            pages=pages_of(known),
            proposals=await self._proposals.of(policy, name),
        )

    def forget_saved(self) -> None:
        """Share nothing made before now: the page after a command shows what the command changed."""
        self._overview = self._pulse = None
        # What is being made at the moment may be of before: it is not shared.
        self._commands += 1
        self._cluster.forget_saved()

    async def pulse(self) -> Pulse:
        """Return the worst state of all services, at most a second old; made again for all listeners together."""
        made = self._pulse
        if made is not None and self.deps.clock.monotonic() - made[0] < PULSE_SECONDS:
            return made[1]
        try:
            state = await self._cluster.state()
        # No page may fail for the sake of its tab's title: while the store is away, our own services count.
        except Temporary:
            state = self.deps.state()
        pulse = pulse_of(state, self.deps.policy(), self.deps.clock.now())
        self._pulse = self.deps.clock.monotonic(), pulse
        return pulse

    async def incidents(self, limit: int, *, until: float | None = None) -> Incidents:
        """Return the newest incidents (opened at that moment or before)."""
        # One row more than shown: it says whether an older page exists, and begins it.
        found = await self.deps.journal.incidents(limit + 1, until=until)
        # Whole seconds, rounded up: the next page may repeat an incident, and misses none.
        older = ceil(found[limit].opened_at) if len(found) > limit else None
        # An outage of all opens more than a page within a second: such a page would be its own next one.
        if older is not None and until is not None and older >= until:
            return await self.incidents(2 * limit, until=until)
        labels = await self.deps.journal.labels()
        rows = tuple(incident_row(one, labels.get(one.id)) for one in found[:limit])
        return Incidents(self.deps.clock.now(), rows, older)

    async def incident(self, incident_id: str) -> IncidentView | None:
        """Return one incident, or None for an unknown id."""
        policy, state = self.deps.policy(), await self._cluster.state()
        incident = self._newest(await self.deps.journal.incident(incident_id), state)
        if incident is None:
            return None
        notes = await self.deps.journal.notes(incident=incident_id, limit=NOTES_MAX)
        label = (await self.deps.journal.labels()).get(incident_id)
        remarks = await self.deps.journal.remarks(incident_id)
        now, known = self.deps.clock.now(), state.services.get(incident.service)
        repo = known.facts.repo if known is not None and known.facts is not None else None
        left = await self.following.open_tasks(incident)
        around = await state_around(self.deps, incident, state, policy, now, open_tasks=left)
        rule, authors = policy.matrix[incident.severity], self.deps.authors(incident, known)
        card = card_view(incident, known, rule, now, authors, around, remarks[-1] if remarks else None)
        target_seconds = _target_seconds(policy, incident)
        decision = incident.decision
        lines = explain.explain(
            incident,
            notes,
            label,
            all_vetoes=True,
            target_seconds=target_seconds,
            repo=repo,
            remarks=remarks,
            readings=readings_now(incident, known, policy, now),
            now=now,
            state=around,
        )
        return IncidentView(
            at=now,
            incident=incident_row(incident, label),
            sentences=tuple(explain.paragraph(incident)),
            restored=explain.restored(incident, target_seconds).strip(),
            severity=clean(explain.severity_of(decision)) if decision is not None else incident.severity.value,
            evidence=_evidence(policy, incident, state, now),
            decision=decision_view(decision, repo, order_of(incident, around.database_steps))
            if decision is not None
            else None,
            unsure=tuple(sentence(one) for one in next_steps.doubts_of(incident)),
            otherwise=tuple(
                Alternative(clean(left), clean(right)) for left, right in next_steps.alternatives(decision)
            ),
            next_steps=tuple(clean(step) for step in next_steps.steps_left(incident, label, notes, around)),
            timeline=timeline_view(notes, remarks),
            explained=tuple(lines),
            ask=card.ask,
            outlook=card.outlook,
            card=card,
            lifeline=lifeline(incident, notes),
            can_acknowledge=can_acknowledge(incident, known),
            can_undo=can_undo(incident, known),
        )

    async def plan(self, name: str, to: str | None, blamed: str | None) -> PlanView | None:
        """Return the plan of a manual rollback (see `plan_view`) from a fresh list; None for an unknown service."""
        policy = self.deps.policy()
        if name not in policy.services:
            return None
        try:
            listed = await self.deps.listing(name)
        # The page still shows the service: the reason stands where the plan would.
        except (Temporary, Permanent) as error:
            return PlanView(self.deps.clock.now(), name, None, None, sentence(str(error)))
        repo = listed.facts.repo if listed.facts is not None else None
        state = await self._cluster.state()
        card = next(iter(await open_cards(self.deps, policy, [name], state, {}, self.deps.clock.now())), None)
        return replace(plan_view(policy, state, listed, to, repo, blamed), card=card)

    async def plan_undo(self, incident_id: str) -> PlanView | None:
        """Return the plan of an undo, from a fresh deploy list; None for an unknown incident."""
        policy, incident = self.deps.policy(), await self.deps.journal.incident(incident_id)
        if incident is None or incident.service not in policy.services:
            return None
        try:
            listed = await self.deps.listing(incident.service)
        except (Temporary, Permanent) as error:
            why, name = sentence(str(error)), clean(incident.id)
            return PlanView(self.deps.clock.now(), incident.service, None, None, why, name)
        repo = listed.facts.repo if listed.facts is not None else None
        return undo_view(policy, await self._cluster.state(), listed, incident, repo)

    async def audit(
        self, limit: int = AUDITED_MAX, *, before: int | None = None, not_allowed: bool | None = None
    ) -> Audit:
        """Return the commands that people gave, newest first; see `StoreReader.asked`."""
        # One row more than shown: it says whether an older page exists.
        found = await self.deps.journal.asked(limit + 1, before=before, not_allowed=not_allowed)
        shown = tuple(answer_view(one) for one in found[:limit])
        return Audit(self.deps.clock.now(), shown, shown[-1].id if len(found) > limit else None)

    async def stats(self) -> StatsView:
        """Return the numbers of the last 90 days."""
        await self.numbers.refresh()
        state, labels = await self._cluster.state(), await self.deps.journal.labels()
        now = self.deps.clock.now()
        return await run_in_background(self._count, state, labels, now)

    def _count(self, state: State, labels: Mapping[str, str], now: float) -> StatsView:
        """Count in a thread: some hundred services with their deploys would block the event loop for too long."""
        incidents = self.numbers.incidents
        counted = self.numbers.count(state, labels)
        return stats_view(counted, incidents, now - PERIOD_SECONDS, now, self.numbers.complete)

    def settings(self) -> SettingsView:
        """Return the configuration as it was loaded."""
        sections = (
            SectionView(name, tuple(SettingView(clean(key), clean(value, limit=VALUE_MAX)) for key, value in rows))
            for name, rows in self.deps.settings()
        )
        return SettingsView(self.deps.clock.now(), tuple(sections))

    async def answer(self, number: str) -> AnswerView | None:
        """Return one command with its answer, or None if `number` is not the number of a command."""
        # Ids are 64-bit integers: a driver would raise on a longer number instead of finding nothing.
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            return None
        # A form redirects here with the number: the page shows the answer, and a reload repeats nothing.
        found = await self.deps.journal.command(int(number))
        return answer_view(found) if found is not None else None

    async def history(self, limit: int) -> HistoryView:
        """Return the rollbacks among the newest incidents."""
        found, labels = await self.deps.journal.incidents(limit), await self.deps.journal.labels()
        causes = root_causes(await self.deps.journal.remarks())
        acted = rolled_back(found)
        rows = tuple(rollback_view(one, labels.get(one.id), causes.get(one.id)) for one in acted)
        return HistoryView(self.deps.clock.now(), rows)

    async def _newest_notes(self, state: State, services: Iterable[str]) -> Mapping[str, Remark]:
        """Return the newest note of people on each open incident of these services."""
        found = [one.id for one in map(open_incident, map(state.services.get, services)) if one is not None]
        # All notes at once, where several are open: an overview must not read once for each of hundreds.
        read = await self.deps.journal.remarks(found[0] if len(found) == 1 else None) if found else ()
        return {one.incident: one for one in read}

    def _newest(self, saved: Incident | None, state: State) -> Incident | None:
        """Return an incident as this worker knows it, if it holds the service, else as it was saved."""
        known = state.services.get(saved.service) if saved is not None else None
        if saved is None or known is None or saved.service not in self.deps.held():
            return saved
        return known.incident if known.incident is not None and known.incident.id == saved.id else saved

    def _rows_and_warnings(self, policy: Policy, state: State, now: float) -> tuple[list[ServiceRow], list[str]]:
        """Return all services, failing ones first, and the standing conditions. In a thread: hundreds of services
        delay no probe."""
        rows = [self._row(policy, name, state, now) for name in policy.services]
        rows.sort(key=lambda one: (service_status.ORDER.index(one.standing), one.name))
        return rows, [*self.deps.differences, *all_lines(state, policy, now, runs=self.deps.runs)]

    def _row(self, policy: Policy, name: str, state: State, now: float) -> ServiceRow:
        service_policy = policy.services[name]
        # A row has room for one latency: that of a critical signal, else of a probe.
        order = sorted(service_policy.signals, key=lambda one: (not one.critical, one.kind not in PROBES))
        past = self.days.of(name, [one.name for one in order]), self.uptimes.of(service_policy)
        return service_status.service_row(policy, name, state.services.get(name), name in self.deps.held(), past, now)


def _evidence(policy: Policy, incident: Incident, state: State, now: float) -> tuple[EvidenceView, ...]:
    """Return the readings at the decision; while the incident is open, each beside the newest one of its signal."""
    known = state.services.get(incident.service)
    current = open_incident(known)
    live = {}
    if current is not None and current.id == incident.id and incident.service in policy.services:
        signals = service_status.signals_of(policy, incident.service, known, now)
        live = {one.name: one for one in (*signals, *service_status.status_pages_of(policy, state))}
    return tuple(
        EvidenceView(clean(one.signal), one.verdict, clean(one.text), clean(one.detail), live.get(one.signal))
        for one in explain.evidence_of(incident)
    )


def _target_seconds(policy: Policy, incident: Incident) -> float | None:
    rule = policy.matrix.get(incident.severity)
    return rule.within_seconds if rule is not None else None
