"""The parts that weakened variants get in place of the shipped ones: each lacks just one safeguard."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from types import MappingProxyType

from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.reconcile import DeployLookup
from watchdog.daemon.actions.timings import Answer, NoTrace, never_too_late, nothing_forbids
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.notices import Notice
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.store_records import ActionRow, PendingEffect, Write
from watchdog.lab.storm.channels import StormChannel
from watchdog.lab.storm.people import is_of_remedy
from watchdog.lab.storm.render import Render, RenderClient
from watchdog.lab.storm.store import StoreHost, StormStore
from watchdog.ports import RemedyAction


async def believe_in_nothing(search: DeployLookup) -> Answer:
    """Take a lost answer for a request that never arrived, without reading."""
    return NoTrace("nobody looked")


def forbid_nothing(actuator: Actuator) -> None:
    """Take away the last look before the call."""
    actuator.forbids = nothing_forbids


def never_be_late(actuator: Actuator) -> None:
    """Take away every check of the age of the last look."""
    actuator.stood_still = never_too_late
    forbid_nothing(actuator)


class Unfenced(StormStore):
    """A store that grants every lease to every worker, and takes every write, however old its knowledge is."""

    def __init__(self, host: StoreHost) -> None:
        super().__init__(host)
        # The mode for a single worker grants every lease at once, and never takes one away.
        self._sole = True

    def _fence(self, names: Sequence[str]) -> None:
        """Let every worker in."""

    async def _put_action(self, row: ActionRow, expect: str | None) -> bool:
        """Write a row of the journal over any other, even after a change of the shared state."""
        self._db.actions.pop((row.incident, row.step), None)
        # The revision would refuse a row in `sending` after a change of the shared state: it is made to look current.
        self._memo.revision = self._db.revision
        return await super()._put_action(row, None)


class Believing(RenderClient):
    """A platform that answers the actuator with the value of auto-deploy it asked for: nothing is read back."""

    def __init__(self, render: Render, worker: str) -> None:
        super().__init__(render, worker)
        self._asked: dict[str, str] = {}

    async def facts(self, service_id: str) -> ServiceFacts:
        """Return a service's facts, with auto-deploy as it was asked for."""
        facts = await super().facts(service_id)
        return replace(facts, auto_deploy=self._asked.get(service_id, facts.auto_deploy))

    async def set_auto_deploy(self, service_id: str, value: str) -> str:
        """Ask for it."""
        self._asked[service_id] = value
        return await super().set_auto_deploy(service_id, value)


class TriesOnce(StormChannel):
    """A channel that takes a failed attempt for a delivery."""

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Try, and forget it."""
        try:
            return await super().send(notice, reference)
        except Temporary:
            return reference


class Whispers(StormChannel):
    """A channel whose notices wake no one."""

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Send the notice as information."""
        return await super().send(replace(notice, wakes=False), reference)


class KeepsRinging(StormChannel):
    """A channel that takes the end of an incident for delivered, and passes on pages alone."""

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Send it, unless it is an end."""
        return reference if notice.resolves else await super().send(notice, reference)


class NeverCloses(StormStore):
    """A store that leaves the end of an incident out of its row."""

    async def _save(self, write: Write) -> Sequence[PendingEffect]:
        """Save, and open the rows again."""
        pending = await super()._save(write)
        # After the save, so that all else of a close happens: only its row is wrong.
        rows = self._host.database.incidents
        rows.update({name: replace(row, closed_at=None) for name, row in rows.items() if row.closed_at is not None})
        return pending


class ForgetsEnds(StormStore):
    """A store for a worker that owes no end: only the save of the closing step itself closes an incident's row."""

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        """Save, without the ends of earlier steps."""
        now = {one.incident.id for one in write.state.services.values() if one.incident is not None}
        return await super().save(replace(write, closed=[one for one in write.closed if one.id in now]))


class AnswersNoOne(StormStore):
    """A store that does what people ask for, and never writes an answer to it."""

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        """Save, without the answer."""
        return await super().save(replace(write, answer=None))

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        """Answer nothing."""
        return True


class ForgetsSends(StormStore):
    """A store that knows no request for a remedy whose outcome is open: it is taken for one that was never sent."""

    async def action(self, incident: str, step: str) -> ActionRow | None:
        """Read a row of the journal, unless it is one of those."""
        row = await super().action(incident, step)
        return None if row is not None and _is_sent(row) else row

    async def _put_action(self, row: ActionRow, expect: str | None) -> bool:
        """Write a row of the journal, over one of those as well."""
        before = self._db.actions.get((row.incident, row.step))
        if before is not None and _is_sent(before):
            del self._db.actions[row.incident, row.step]
            expect = None
        return await super()._put_action(row, expect)


def _is_sent(row: ActionRow) -> bool:
    return is_of_remedy(row) and row.state == "sending"


class NeverDone:
    """A remedy that is never read as done (ports.RemedyAction)."""

    believed = False
    needs_before = False

    def __init__(self, inner: RemedyAction) -> None:
        self.can_look = inner.can_look
        self.before, self.apply, self.close = inner.before, inner.apply, inner.close

    async def look(self, baseline: str) -> bool | None:
        """Return that it is not."""
        return False


def without_remedies(policy: Policy) -> Policy:
    """Return the policy of a daemon that forgets what is to be tried before a rollback."""
    return _changed(policy, lambda one: ())


def without_patience(policy: Policy) -> Policy:
    """Return the policy of a daemon that gives no remedy its time."""
    return _changed(policy, lambda one: tuple(replace(remedy, prove_seconds=0.0) for remedy in one.remedies))


def without_cooldown(policy: Policy) -> Policy:
    """Return the policy of a daemon that forgets when a remedy was requested last."""
    return _changed(policy, lambda one: tuple(replace(remedy, cooldown_seconds=0.0) for remedy in one.remedies))


def _changed(policy: Policy, remedies: Callable[[ServicePolicy], tuple[Remedy, ...]]) -> Policy:
    services = {name: replace(one, remedies=remedies(one)) for name, one in policy.services.items()}
    return replace(policy, services=MappingProxyType(services))


class DatesLists(StormStore):
    """A store that dates a deploy list by when it is read, and forgets auto-deploy: what the platform shows then, its
    record does not lack.
    """

    async def load(self, names: Collection[str] | None = None) -> State | None:
        """Load state, with the newest deploy of each service begun just now."""
        state = await super().load(names)
        if state is None:
            return None
        return replace(state, services={name: self._dated(one) for name, one in state.services.items()})

    def _dated(self, service: ServiceState) -> ServiceState:
        # The newest recorded deploy alone decides which listed ones the record lacks (unrecorded_rollback.py); there
        # auto-deploy that is off is the other sign.
        newest = [replace(one, created_at=self._clock.now()) for one in service.deploys[:1]]
        return replace(service, deploys=(*newest, *service.deploys[1:]), facts=None)
