"""Certificates that end soon: one notice at each of two limits, and one once another certificate is served.

Rule 1: no decision rests on a certificate: no rollback renews one. It opens no incident, and counts in no availability.
Rule 2: each certificate is reported once per limit; its successor ends the alert, unless that is near its end as well.
Rule 3: a silence postpones a notice: the daemon reports the certificate again.
"""

from datetime import UTC, datetime

from watchdog.core.assess import suppression
from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.certificates import ReportedCertificate
from watchdog.domain.effects import Note
from watchdog.domain.incidents import ServiceState
from watchdog.domain.notices import NoticeKind
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds

CURE = (
    "Nothing is rolled back for it: no rollback renews a certificate.",
    "On Render: it renews certificates by itself, while DNS points to it. Dashboard, Settings, Custom Domains: verify "
    "the domain again; remove AAAA records, and CAA records that forbid Render's authorities "
    "(https://render.com/docs/custom-domains).",
    "With a proxy or CDN in front of Render: renew the certificate there.",
)


def seen(ctx: StepContext) -> None:
    """Report a certificate that has passed a limit, or the end of such a report."""
    event = ctx.event
    assert isinstance(event, e.CertificateSeen)
    if not is_news(ctx.service, event) or suppression.service_muting_silence(ctx.state, ctx.policy, ctx.name, ctx.now):
        return
    one, known = event.certificate, reported(ctx.service, event.certificate.host)
    others = tuple(other for other in ctx.service.certificates if other is not known)
    about = f"{ctx.name}/certificate/{one.host}"
    limit = one.due_limit(event.at)
    if limit is None:
        ctx.update_service(certificates=others)
        title = f"{ctx.name}: the certificate of {one.host} is renewed"
        lines = (f"The one that is served now ends on {_moment(one.ends_at)}.",)
        _notify(ctx, NoticeKind.RESOLVED, about, title, lines)
        return
    ctx.update_service(certificates=(*others, ReportedCertificate(one.host, one.ends_at, limit)))
    left = show_seconds(max(one.ends_at - event.at, 0.0))
    why = f"It ends on {_moment(one.ends_at)}, in {left} (limit {show_seconds(limit)}): browsers then refuse the site."
    kind = NoticeKind.OPENED if known is None else NoticeKind.UPDATED
    title = f"{ctx.name}: renew the certificate of {one.host} by {_moment(one.ends_at)[:10]}"
    _notify(ctx, kind, about, title, (why, *CURE))


def is_news(service: ServiceState, event: e.CertificateSeen) -> bool:
    """Return whether the certificate passed a limit that was not reported, or replaced one that was."""
    limit = event.certificate.due_limit(event.at)
    known = reported(service, event.certificate.host)
    if known is None or known.ends_at != event.certificate.ends_at:
        return limit is not None or known is not None
    # A limit that was raised since takes nothing back, and is not reported again.
    return limit is not None and limit < known.limit_seconds


def reported(service: ServiceState, host: str) -> ReportedCertificate | None:
    """Return the certificate of a host that people know of, or None."""
    return next((one for one in service.certificates if one.host == host), None)


def _notify(ctx: StepContext, kind: NoticeKind, about: str, title: str, lines: tuple[str, ...]) -> None:
    channels = ctx.notify_service(kind, about, title, lines, severity=Severity.MEDIUM)
    # Of no incident's story, also while one is open: neither is the cause of the other.
    ctx.emit(Note(ctx.now, ctx.name, None, "NOTIFIED", f"{', '.join(channels) or 'no channel'} (info): {title}"))


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M %Z}"
