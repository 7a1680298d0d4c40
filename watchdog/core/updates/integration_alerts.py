"""Alerts about failing integrations: one notification per failure, with consequence and fix, and one per recovery.

All workers share the alerts that were sent (`State.failing`): another worker that takes over does not send them again.
"""

from dataclasses import replace

from watchdog.core.context import StepContext
from watchdog.core.updates import blind_workers
from watchdog.domain import events as e
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.integrations import SIGHT, Failing, Integration, Standing
from watchdog.domain.notices import NoticeKind
from watchdog.domain.units import show_seconds


def judged(ctx: StepContext, event: e.IntegrationJudged) -> None:
    """Send an alert when an integration has failed for long enough, got worse, or works again."""
    one, known = event.integration, ctx.state.failing.get(event.integration.key)
    if one.standing.works:
        if known is not None and one.kind == SIGHT:
            blind_workers.gone(ctx, one)
        elif known is not None:
            _works(ctx, one, known)
    elif known is None or (one.standing is Standing.REFUSED and known.standing != one.standing.value):
        # Blindness has its own page, and silent probes are one of its causes.
        if not (one.kind == "probes" and ctx.state.blind_since is not None):
            _fails(ctx, one, known.parts if known is not None else ())
    # More parts fail meanwhile: the alert ends only once they work as well.
    elif not set(one.needed) <= set(known.parts):
        _put(ctx, one.key, replace(known, parts=_with(known.parts, one.needed)))


def _with(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return (*known, *(part for part in more if part not in known))


def _fails(ctx: StepContext, one: Integration, known: tuple[str, ...]) -> None:
    lasted = ctx.now - one.since
    title = f"{one.title}: {one.standing.value}{f' for {show_seconds(lasted)}' if lasted >= 1 else ''}"
    _put(ctx, one.key, Failing(one.since, one.standing.value, one.why, _with(known, one.needed)))
    lines = (f"Why: {one.why}", f"Consequence: {one.consequence}.", f"What to do: {one.cure}.")
    _tell(ctx, one, NoticeKind.SELF_ALERT, title, lines)


def _works(ctx: StepContext, one: Integration, known: Failing) -> None:
    """Remove the parts that work or are watched no more; the alert is over once no part is left."""
    left = tuple(part for part in known.parts if part not in one.parts and _is_watched(ctx, part))
    if left:
        if left != known.parts:
            _put(ctx, one.key, replace(known, parts=left))
        return
    kept = {key: failing for key, failing in ctx.state.failing.items() if key != one.key}
    ctx.state = fast_replace(ctx.state, failing=kept)
    how = one.kind_of_it.ends if one.standing is Standing.OK else "relied on no more"
    title = f"{one.title}: {how} after {show_seconds(ctx.now - known.at)}"
    _tell(ctx, one, NoticeKind.RESOLVED, title, (f"It was {known.standing}: {known.why}",))


def _is_watched(ctx: StepContext, part: str) -> bool:
    """Return whether a part (`web`, or `web/errors`) belongs to a guarded service."""
    return part.partition("/")[0] in ctx.policy.services


def _put(ctx: StepContext, key: str, failing: Failing) -> None:
    ctx.state = fast_replace(ctx.state, failing={**ctx.state.failing, key: failing})


def _tell(ctx: StepContext, one: Integration, kind: NoticeKind, title: str, lines: tuple[str, ...]) -> None:
    wakes = one.kind_of_it.wakes
    ctx.notify_operators(kind, one.key, f"watchdog: {title}", lines, wakes=wakes, noted=title)
