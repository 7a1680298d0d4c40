"""The version that answers name (`version:` of a signal), in `watchdog check --live`: is it the live deploy's?

A version that never matches would silently hold back every acquittal and every proof that depends on it.
"""

from collections.abc import Sequence

from watchdog.adapters.signals.options import ProbeOptions
from watchdog.core.fold.served_versions import is_of
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import WatchdogError
from watchdog.settings.check.check_result import CheckResult, Outcome, World
from watchdog.settings.model.settings import Settings


async def served_versions(settings: Settings, world: World, name: str, facts: ServiceFacts) -> list[CheckResult]:
    """Read each signal of a service that says where its answers name a version; none of others."""
    signals = settings.services[name].signals
    naming = [one for one, (_, options) in signals.items() if isinstance(options, ProbeOptions) and options.version]
    sources = {one: world.signals[f"{name}/{one}"] for one in naming if f"{name}/{one}" in world.signals}
    if not sources or world.platform is None:
        return []
    try:
        deploys = await world.platform.deploys(facts.id)
    except WatchdogError:
        return []  # the rollback target says so
    found = []
    for one, source in sources.items():
        samples = await source.read()
        found.append(_judged(f"{name}.signals.{one}", samples[0].version if samples else "", deploys))
    return found


def _judged(signal: str, version: str, deploys: Sequence[Deploy]) -> CheckResult:
    live = next((deploy for deploy in deploys if deploy.is_live), None)
    place = f"version of {signal.replace('.signals.', '/')}"
    if not version:
        fix = f"let the site name its commit there, or correct services.{signal}.version"
        return CheckResult(place, Outcome.WARN, "its answer names none", fix)
    if live is None:
        return CheckResult(place, Outcome.WARN, f"answers name {version[:20]}; nothing is live to compare it with")
    code = (live.code or "no commit")[:7]
    # The same comparison as the core's: commits may be shortened, and images have digests.
    if is_of(version, live):
        return CheckResult(place, Outcome.OK, f"answers name {version[:20]}, which is that of {live.id}, live")
    fix = "it must be the commit, or the image's digest, of the deploy; services.{0}.version names its place"
    what = f"answers name {version[:20]}, and live is {live.id} {code}: it would be compared in vain"
    return CheckResult(place, Outcome.WARN, what, fix.format(signal))
