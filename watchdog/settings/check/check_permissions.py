"""The permissions of the Render key, as `watchdog check --live` tries them: present, missing, or not to be tried.

Rule: a permission to change something is never tried: only a changing call would prove it.
"""

from collections.abc import Awaitable, Callable, Sequence

from watchdog.adapters.platforms.render_permissions import (
    CURE,
    DATABASES,
    DEPLOYS,
    EVENTS,
    OF_REMEDIES,
    PERMISSIONS,
    SERVICES,
    Permission,
)
from watchdog.domain.errors import MissingPermission, WatchdogError
from watchdog.domain.policy import Mode
from watchdog.ports import Platform
from watchdog.settings.check.check_result import CheckOutcome, CheckResult
from watchdog.settings.model.settings import Settings

Trial = Callable[[], Awaitable[object]]
LOOK = "look at the key at Render (Account Settings, API Keys); a key of the old kind has every permission of its owner"


async def check_permissions(
    settings: Settings, platform: Platform, service: str | None, why_not: WatchdogError | None
) -> Sequence[CheckResult]:
    """Return one row for each permission that this configuration uses.

    `service` is the id of a service to read, if one is known; `why_not` is the error that the list of services ended
    with.
    """
    read = [one.render or "" for one in settings.dependencies.values()]
    databases = [one for one in read if one.startswith(("dpg-", "red-"))]
    trials: dict[Permission, Trial | None] = {
        DEPLOYS: None if service is None else lambda: platform.deploys(service),
        EVENTS: None if service is None else lambda: _newest_events(platform, service),
        **({DATABASES: lambda: platform.facts(databases[0])} if databases else {}),
    }
    rows = [_judged(SERVICES, why_not)]
    rows += [await _tried(one, trial) for one, trial in trials.items()]
    acting = [name for name, one in settings.policy.services.items() if one.mode is not Mode.OBSERVE]
    wanted = {each.kind for one in settings.services.values() for each in one.remedies}
    unused = {one for kind, one in OF_REMEDIES.items() if kind not in wanted}
    return [*rows, *(_untried(one, acting) for one in PERMISSIONS if one.changes and one not in unused)]


async def _newest_events(platform: Platform, service: str) -> object:
    """Read a few events: those since the newest deploy that can be read."""
    try:
        since = (await platform.deploys(service))[0].created_at
    except WatchdogError:
        since = 0.0
    return await platform.events(service, since)


async def _tried(one: Permission, trial: Trial | None) -> CheckResult:
    if trial is None:
        return CheckResult(_name(one), CheckOutcome.WARN, "not tried: no service's id is known", "write render: srv-…")
    try:
        await trial()
    except WatchdogError as error:
        return _judged(one, error)
    return _judged(one, None)


def _judged(one: Permission, error: WatchdogError | None) -> CheckResult:
    if error is None:
        return CheckResult(_name(one), CheckOutcome.OK, f"present: {one.purpose} ({one.modes})")
    # Another permission may be the missing one, which says nothing about the one under trial.
    if isinstance(error, MissingPermission) and error.permission == one.name:
        return CheckResult(_name(one), CheckOutcome.FAIL, f"missing: {one.purpose} ({one.modes})", CURE)
    return CheckResult(_name(one), CheckOutcome.WARN, f"not tried: {error}", "see the reason")


def _untried(one: Permission, acting: Sequence[str]) -> CheckResult:
    if not acting:
        return CheckResult(
            _name(one), CheckOutcome.OK, f"not needed while every service is only observed ({one.modes})"
        )
    what = f"cannot be tried without changing something: {one.purpose} ({one.modes})"
    return CheckResult(_name(one), CheckOutcome.UNTRIED, what, LOOK)


def _name(one: Permission) -> str:
    return f"permission {one.name}"
