"""The gate and the course of a deploy, read from the record at one moment. Raises Temporary if the store fails."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from watchdog.background import run_in_background
from watchdog.console.dependencies import Dependencies
from watchdog.console.queries.error_budgets import Budgets
from watchdog.console.views.gate_views import DeployCourseView, GateView, ReasonView
from watchdog.domain.incidents import State
from watchdog.presentation.availability import Availability
from watchdog.presentation.gate.deploy_course import ENDS, HOUR_SECONDS, Followed, course, watch_period
from watchdog.presentation.gate.gate_case import GateCase, staged_since
from watchdog.presentation.gate.gate_reasons import answers
from watchdog.presentation.gate.gate_rules import GateReason, GateRules, lets_through
from watchdog.presentation.text import clean

INCIDENTS_MAX = 50


class GateQueries:
    """Answers CI."""

    def __init__(self, deps: Dependencies, budgets: Budgets, state: Callable[[], Awaitable[State]]) -> None:
        self._deps = deps
        self._budgets = budgets
        self._state = state

    async def gate(self, name: str, commit: str, rules: GateRules | None = None) -> GateView | None:
        """Return whether a commit may go to production now, by these rules or the configuration's; None for an unknown
        service.
        """
        policy = self._deps.policy()
        service = policy.services.get(name)
        if service is None:
            return None
        rules = rules or self._deps.gates().get(name) or GateRules()
        state, journal = await self._state(), self._deps.journal
        case = GateCase(service, commit.lower(), rules, policy, state, self._deps.clock.now(), self._runs())
        since = staged_since(case)
        if rules.staging is not None and since is not None:
            minutes = await journal.minutes(rules.staging, since, case.now)
            incidents = await journal.incidents(INCIDENTS_MAX, service=rules.staging)
            case = replace(case, minutes=minutes, incidents=incidents)
        budget = await self._budgets.of(service)
        case = replace(case, available=Availability(budget.watched_seconds, budget.lost_seconds))
        # In a thread: the minutes of two days of many signals are some ten thousand rows.
        return gate_view(name, commit, await run_in_background(answers, case), case.now)

    async def course(
        self, name: str, commit: str, since: float | None = None, deploy: str | None = None
    ) -> DeployCourseView | None:
        """Return where the deploy of a commit is, of those created since then; None for an unknown service.

        `deploy`: a late look at this one, which was good.
        """
        policy = self._deps.policy()
        if name not in policy.services:
            return None
        state = await self._state()
        incidents = await self._deps.journal.incidents(INCIDENTS_MAX, service=name)
        now = self._deps.clock.now()
        case = Followed(
            name, commit.lower(), state, policy, incidents, now, self._runs(), since or 0.0, deploy=deploy or ""
        )
        if (period := watch_period(case)) is not None:
            began, ends = period
            case = replace(case, minutes=await self._deps.journal.minutes(name, began - HOUR_SECONDS, ends))
        found = course(case)
        over = found.stage in ENDS
        return DeployCourseView(
            now, name, clean(commit), found.stage.value, over, clean(found.why), found.deploy, found.until
        )

    def _runs(self) -> bool:
        # The console is the daemon; a command has looked for one.
        return self._deps.runs is not False


def gate_view(name: str, commit: str, reasons: tuple[GateReason, ...], now: float) -> GateView:
    """Return an answer of the gate as data."""
    shown = tuple(ReasonView(one.name, one.verdict.value, clean(one.why)) for one in reasons)
    return GateView(now, name, clean(commit), lets_through(reasons), shown)
