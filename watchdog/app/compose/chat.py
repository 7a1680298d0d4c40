"""Queries and commands from a chat channel, with the output of the command line; and the start of the listener.

Rule: a query changes nothing: this worker's own writes are judged without it (`StoreReader.load_readonly`).
"""

import contextlib
from collections.abc import Mapping, Sequence

from watchdog.adapters.options import Context
from watchdog.app.compose.cluster_state import state_of_all
from watchdog.app.compose.composition import App
from watchdog.app.compose.deploy_listings import Listings
from watchdog.background import run_in_background
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.approvals.button_cleanup import ButtonCleanup
from watchdog.daemon.approvals.chat_commands import ChatCommands, Read
from watchdog.daemon.runtime.fault_log import FaultLog
from watchdog.domain.commands.command_table import BLAMED, PLANNED, ROWS, TARGET
from watchdog.domain.decisions import Decision, Verdict
from watchdog.domain.errors import Refused, Temporary
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.ports import StoreReader
from watchdog.ports.chat import Conversation, Reply
from watchdog.presentation import decision_text, status_text, table_rows
from watchdog.presentation.explain import explain as explained
from watchdog.presentation.follow_up_text import open_tasks
from watchdog.presentation.outlooks.current_state import current_state
from watchdog.presentation.outlooks.other_service import OtherServices
from watchdog.presentation.outlooks.safe_order import DatabaseSteps, order_lines, safe_order
from watchdog.presentation.rollback_plan import planned, planned_undo
from watchdog.presentation.text import clean, columns
from watchdog.settings.rules.required_secrets import answers_in_slack

INCIDENTS_SHOWN = 10
CELL_MAX = 80
"""Characters of a cell: a message of a channel is narrower than a terminal."""
READS = (
    ("status", "Every service: mode, state, live deploy, signals, open incident."),
    ("incidents", "The last ten."),
    ("explain SERVICE", "Its newest incident: what was seen, the arithmetic, what was done (or explain INCIDENT)."),
    ("silences", "Silences and action holds that hold now."),
    ("plan SERVICE", "Where a rollback by hand would lead, and what forbids it (plan INCIDENT: of an undo)."),
)
HELP = (
    *(f"{words:<24} {says}" for words, says in (*READS, *((one.usage, one.says) for one in ROWS))),
    "Before the WHY of a silence, signal=NAME or severity=high narrows it. Texts before the last stand in quotes.",
    "Behind the ITEM of a tick, --undo takes the tick back; --root-cause marks a note that names the root cause.",
    "To change something you must be on the list of those who may (approvals.users).",
)


def start_hearing(app: App) -> None:
    """Start to listen in the channels where the configuration lets people answer; without any, do nothing."""
    conversation = build_conversation(app)
    if conversation is None:
        return
    app.conversation = conversation
    app.engine.listeners.stepped.append(ButtonCleanup((conversation.name,), app.supervisor, app.outbox).stepped)
    chat_commands = ChatCommands(app.store, app.clock, ChatQueries(app).table, lambda: app.engine.policy.console_url)
    app.supervisor.start(f"hear:{conversation.name}", lambda: conversation.run(chat_commands.handle))


def build_conversation(app: App) -> Conversation | None:
    """Return the Slack conversation, if Slack is configured for answers. Raises ConfigurationError for a malformed
    token."""
    settings = app.settings
    options = answers_in_slack(settings.channels)
    if options is None:
        return None
    # Imported here: a daemon without Slack answers never loads the websocket client.
    from watchdog.adapters.slack.conversation import SlackConversation

    context = Context(clock=app.clock, endpoints=settings.endpoints, secrets=settings.secrets, guard=settings.guard)

    def report(error: Exception | None) -> None:
        app.metrics.hears("slack", up=error is None)
        app.integrations.tried("answers", "slack", error)

    return SlackConversation(context, options.users, report)


class ChatQueries:
    """The words that only query."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._report = FaultLog(app.clock)
        engine = app.engine
        self._listings = Listings(
            app.platform, lambda: engine.policy, app.clock, lambda name: engine.state.services.get(name)
        )
        self.table: Mapping[str, Read] = {
            "status": self.status,
            "incidents": self.incidents,
            "explain": self.explain,
            "silences": self.silences,
            "plan": self.plan,
            "help": self.help,
        }

    async def help(self, words: Sequence[str]) -> Reply:
        """List the words that a channel understands."""
        return Reply(HELP, fixed=True)

    async def status(self, words: Sequence[str]) -> Reply:
        """Show the state of all services, as `watchdog status` does."""
        state, policy = await self._state(), self._app.engine.policy
        now = self._app.clock.now()
        others = OtherServices(state, policy, now, self._report)
        # In a thread: with hundreds of services the plans of others take long.
        found = await run_in_background(table_rows.open_incidents, state, policy, now, others=others)
        lines = (*found, *status_text.all_lines(state, policy, now))
        rows = columns(table_rows.STATUS, table_rows.status(state, policy, now), CELL_MAX)
        return Reply((*lines, *rows), fixed=True)

    async def incidents(self, words: Sequence[str]) -> Reply:
        """List the last incidents, as `watchdog incident list` does."""
        journal = self._app.store
        found, labels = await journal.incidents(INCIDENTS_SHOWN), await journal.labels()
        if not found:
            return Reply(("No incident yet.",))
        now = self._app.clock.now()
        rows = table_rows.incidents(found, labels, now)
        return Reply(tuple(columns(table_rows.incidents_head(now), rows, CELL_MAX)), fixed=True)

    async def silences(self, words: Sequence[str]) -> Reply:
        """List silences and action holds, as `watchdog service silences` does."""
        lines = status_text.quiet_lines(await self._state(), self._app.engine.policy, self._app.clock.now())
        return Reply(tuple(lines) or (status_text.NO_QUIET,))

    async def explain(self, words: Sequence[str]) -> Reply:
        """Explain a service's newest incident, or the one of that id, as `watchdog explain` does."""
        known = self._app.engine.policy.services
        if len(words) != 1:
            return Reply((f"explain what? explain SERVICE ({', '.join(known)}) or explain INCIDENT",), ok=False)
        journal = self._app.store
        found = await self._incident(journal, words[0])
        if found is None:
            # A service without an incident is an answer; an unknown name is a mistake of the author.
            return Reply((self._nothing_of(clean(words[0], 80)),), ok=words[0] in known)
        notes, labels = await journal.notes(incident=found.id), await journal.labels()
        remarks, state, now = await journal.remarks(found.id), await self._state(), self._app.clock.now()
        service, policy = state.services.get(found.service), self._app.engine.policy
        others = OtherServices(state, policy, now, self._report)
        left = await open_tasks(journal, found, policy, self._app.settings.checklists)
        lines = explained(
            found,
            notes,
            labels.get(found.id),
            target_seconds=policy.matrix[found.severity].within_seconds,
            repo=service.facts.repo if service is not None and service.facts is not None else None,
            remarks=remarks,
            readings=status_text.readings_now(found, service, policy, now),
            now=now,
            state=await run_in_background(current_state, found, state, policy, now, others=others, open_tasks=left),
        )
        return Reply(tuple(lines), fixed=True)

    async def plan(self, words: Sequence[str]) -> Reply:
        """Show the plan of a rollback by hand, or of an incident's undo, and the line to type to do it.

        `target=dep-40` behind it names the target, `blamed=dep-42` the deploy that has to be live still, or another one
        of its code. Raises Temporary or Permanent.
        """
        name, given = next(iter(words), ""), _given(words[1:])
        policy = self._app.engine.policy
        incident = await self._app.store.incident(name) if name not in policy.services else None
        service = incident.service if incident is not None else name
        if service not in policy.services:
            return Reply((f"plan what? plan SERVICE ({', '.join(policy.services)}) or plan INCIDENT",), ok=False)
        listed, state = await self._listings.of(service), await self._state()
        try:
            if incident is not None:
                decision, follows = planned_undo(policy, state, listed, incident)
                command, bound = f"undo {name}", {}
            else:
                to, follows = given.get(TARGET.name), ""
                decision = planned(policy, state, listed, to, given.get(BLAMED.name))
                command, bound = f"rollback {name}", {**given, **({} if to else _chosen(decision))}
        except Refused as error:
            return Reply((f"It would not be done: {error}.",), ok=False)
        return Reply(_plan_lines(policy, decision, listed, command, follows, bound), fixed=True)

    def _nothing_of(self, name: str) -> str:
        known = self._app.engine.policy.services
        if name in known:
            return f"No incident of {name} is on record: nothing to explain. status shows its present state."
        return f"no service and no incident {name}; services: {', '.join(known)}"

    async def _incident(self, journal: StoreReader, name: str) -> Incident | None:
        if name not in self._app.engine.policy.services:
            return await journal.incident(name)
        # Memory knows of an incident first: the journal's row may wait for the store.
        service = self._app.engine.state.services.get(name)
        if name in self._app.engine.held and service is not None and service.incident is not None:
            return service.incident
        return next(iter(await journal.incidents(1, service=name)), None)

    async def _state(self) -> State:
        """Return the state of all workers; only ours while the store cannot be read."""
        with contextlib.suppress(Temporary):
            return await state_of_all(self._app)
        return self._app.engine.state


def _given(words: Sequence[str]) -> Mapping[str, str]:
    """Return the options among the words of a plan, by their names."""
    parts = [word.partition("=") for word in words]
    return {name.lower(): value for name, _, value in parts if value and name.lower() in (TARGET.name, BLAMED.name)}


def _chosen(decision: Decision) -> Mapping[str, str]:
    """Return the option that binds a rollback to the target that its plan chose."""
    target = decision.target.deploy if decision.target is not None else None
    return {PLANNED.name: target.id} if target is not None else {}


def _plan_lines(
    policy: Policy, decision: Decision, listed: DeploysListed, command: str, follows: str, bound: Mapping[str, str]
) -> tuple[str, ...]:
    """Return where it leads and what the guards answer; last, the line that does it: `bound` has its options."""
    live = live_deploy(listed.deploys)
    refused = any(one.verdict is Verdict.BLOCK for one in decision.guards)
    end = "A guard refuses it."
    if live is not None and not refused and decision.target is not None and decision.target.deploy is not None:
        options = " ".join(f"{key}={value}" for key, value in {"live": live.id, **bound}.items())
        end = f"Nothing is changed yet. To do it: /watchdog {command} {options}"
    return (
        *([f"LIVE         {decision_text.named(live)}"] if live is not None else []),
        *decision_text.target(decision.target),
        *decision_text.guards(decision.guards),
        *order_lines(safe_order(decision, live, database=DatabaseSteps.of(policy, listed.service))),
        *([follows] if follows else []),
        "",
        end,
    )
