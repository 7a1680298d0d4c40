"""What forbids a person's order to deploy a commit, by the store as the daemon has saved it; and its client.

Rule: it is asked before anything is changed, and again right before the request.
"""

from dataclasses import dataclass

from watchdog.adapters.platforms.render_commit import CommitRender, build_commit
from watchdog.app.commands.seen_daemon import seen_daemon
from watchdog.daemon.actions.timings import Change
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent, Refused
from watchdog.domain.incidents import ACTING, State
from watchdog.domain.policy import Mode
from watchdog.ports import Clock, Store
from watchdog.settings import Settings
from watchdog.settings.rules.required_secrets import RENDER_KEY

SHORT_ID = 7
"""The digits by which commits are named, and the fewest by which they are compared."""


@dataclass(frozen=True, slots=True)
class DeployGround:
    """One service of the configuration, whose id at Render is known."""

    settings: Settings
    service: str
    store: Store

    @property
    def platform_id(self) -> str:
        """Return its id at Render. Raises Refused without one."""
        found = self.settings.policy.services.get(self.service)
        if found is None or found.platform_id is None:
            raise Refused(f"{self.service} has no id at Render in this configuration, so nothing can be deployed on it")
        return found.platform_id

    def client(self, commit: str, clock: Clock) -> CommitRender:
        """Return the client that can deploy this commit and nothing else. Raises Refused, or Permanent without a
        key.
        """
        key = self.settings.secrets.get(RENDER_KEY)
        if not key:
            raise Permanent(f"a deploy needs a key that may deploy: set {RENDER_KEY}")
        where = self.settings.endpoints["render"]
        return build_commit(key, where, clock, service_id=self.platform_id, commit=commit, guard=self.settings.guard)

    async def why_not(self, *codes: str) -> str:
        """Return why no commit of these may be deployed now, or "". `codes`: the commit, and the one it restores.

        Raises Temporary or Permanent where the store does not answer.
        """
        name, daemon = self.service, await seen_daemon(self.settings, self.store)
        # The stricter of the two: the file, or what the daemon read.
        for policy in (self.settings.policy, daemon.policy):
            found = policy.services.get(name)
            if found is None or found.mode is Mode.OBSERVE:
                return f"{name} is only observed: write mode: assist (or autonomous), or deploy it at Render yourself"
        state = await self.store.load_readonly((name,))
        service = state.services.get(name) if state is not None else None
        if state is None or service is None:
            return f"the daemon has saved nothing of {name} yet: {command_line('run')}"
        if state.stop_reason:
            return f"the daemon may change nothing: {state.stop_reason} ({command_line('resume')})"
        if service.forbidden:
            return f"the key may not change {name} ({service.forbidden}); fix the key, then {command_line('resume')}"
        if service.phase in ACTING:
            return f"the daemon acts on {name} at this moment ({service.phase}): wait, see {command_line('status')}"
        if any(isinstance(one.effect, Change) for one in await self.store.pending((name,))):
            return f"the daemon has an action on {name} that is not finished: wait, see {command_line('status')}"
        return _denied(state, *codes)


def _denied(state: State, *codes: str) -> str:
    """Return which of the codes is on the deny-list, or ""; a person may have shortened one."""
    for code in codes:
        for denied in state.denied:
            if len(code) >= SHORT_ID and (denied.startswith(code) or code.startswith(denied)):
                return f"{code[:SHORT_ID]} is on the deny-list: {command_line('trust', denied[:SHORT_ID])} lifts it"
    return ""
