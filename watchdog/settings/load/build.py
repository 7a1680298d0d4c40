"""One document, checked by all rules, as Settings.

Rule: checks only report into the document; their results are used only if no mistake was reported.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from watchdog.adapters.signals.control import DEFAULT_CONTROL
from watchdog.adapters.signals.vendor_status import page_of
from watchdog.domain.code_comparison import MigrationRules
from watchdog.domain.policy import (
    PROBES,
    BlameWeights,
    Brakes,
    Budget,
    Detection,
    Mode,
    Pace,
    Policy,
    ServicePolicy,
    SignalPolicy,
    VendorPolicy,
    Verification,
)
from watchdog.settings.load.secrets import SecretMap
from watchdog.settings.model.settings import Adapter, ServiceSettings, Settings, read_calmly
from watchdog.settings.rules import (
    console_access,
    contacts,
    cross_checks,
    probe_requests,
    public_pages,
    required_secrets,
)
from watchdog.settings.rules.checklists import build_checklists
from watchdog.settings.rules.drills import staging_services
from watchdog.settings.rules.gates import build_gates, windows_of
from watchdog.settings.rules.notification_rules import check_notifications
from watchdog.settings.rules.server_names import render_hosts
from watchdog.settings.rules.store_exposure import exposure_warnings
from watchdog.settings.schema.adapter_entries import check_channels, check_signals
from watchdog.settings.schema.schema import PLATFORM_ID, ServiceShape, Shape
from watchdog.settings.schema.tuning import apply
from watchdog.settings.schema.written_values import POSTGRESQL
from watchdog.settings.text.validation import validate
from watchdog.settings.text.yaml_document import Document

RECORDINGS = "recordings"
"""The folder beside the store, unless `record.folder` names another."""
ENDPOINTS: Mapping[str, str] = {
    "render": "https://api.render.com/v1",
    "sentry": "https://sentry.io",
    "pagerduty": "https://events.pagerduty.com",
    "pagerduty_api": "https://api.pagerduty.com",
    "slack": "https://slack.com/api",
    "github": "https://api.github.com",
}
"""The vendors' own base URLs (PagerDuty's EU region is chosen by `channels.pagerduty.region`)."""


def build(
    document: Document,
    secrets: SecretMap,
    environ: Mapping[str, str],
    path: Path | None,
    folder: Path,
    *,
    secretless: bool = False,
) -> Settings | None:
    """Return the settings, or None when mistakes were reported. Relative stores lie in `folder`.

    `path` is the file, None for a text from a variable; `secretless`: no secret has to be set.
    """
    cross_checks.check_presence(document)
    shape = validate(Shape, document.data, document)
    if shape is None:
        return None
    signals, policies = _signals(document, shape, None if secretless else folder)
    # The console if no channel is configured, so that notices appear somewhere.
    channels = check_channels(document, shape.channels or {"console": {}})
    notifications = check_notifications(document, shape, channels)
    modes = _modes(shape, environ)
    kinds = {adapter.kind for adapters in signals.values() for adapter in adapters.values()}
    _check_between_keys(document, shape, environ, signals)
    vendors = cross_checks.status_pages(document, shape, kinds)
    if not secretless:
        required_secrets.check_secrets(document, shape, modes, signals, notifications.channels, secrets)
    required_secrets.check_remote_write(document, shape, secrets)
    console_access.check_console(document, shape, secrets)
    pages = public_pages.check_status_pages(document, shape, folder)
    lists = build_checklists(document, shape)
    gates = build_gates(document, shape, signals, policies)
    staging = staging_services(document, shape)
    required_secrets.check_channel_access(document, shape, channels, secrets)
    if document.mistakes:
        return None
    store_url = _store_url(shape.store, folder, secrets)
    return Settings(
        path=path,
        policy=read_calmly(_policy(shape, notifications.policy, modes, policies, vendors)),
        services=MappingProxyType(dict(_services(shape, signals))),
        channels=MappingProxyType(notifications.channels),
        endpoints=MappingProxyType(_endpoints(shape)),
        secrets=secrets,
        store_url=store_url,
        metrics=shape.metrics,
        console=shape.console,
        status_pages=MappingProxyType(pages),
        repository=shape.repository,
        log=shape.log,
        record=shape.record.model_copy(update={"folder": _recordings(shape, folder)}),
        vendors=MappingProxyType(vendors),
        dependencies=MappingProxyType(shape.dependencies),
        own_id=environ.get("RENDER_SERVICE_ID") or None,
        own_hosts=render_hosts(environ),
        private_hosts=shape.private_hosts,
        remind=shape.follow_ups.remind,
        owners=MappingProxyType(dict(contacts.owners(shape))),
        checklists=lists,
        gates=MappingProxyType(dict(gates)),
        windows=MappingProxyType(dict(windows_of(shape.windows))),
        drill=shape.drill,
        staging=MappingProxyType(staging),
        warnings=(
            *required_secrets.warnings_of(shape, modes, signals, secrets, environ),
            *required_secrets.slack_warnings(channels),
            *notifications.warnings,
            *exposure_warnings(store_url, folder, environ),
        ),
    )


def _services(shape: Shape, signals: Mapping[str, Mapping[str, Adapter]]) -> Iterator[tuple[str, ServiceSettings]]:
    for name, service in shape.services.items():
        found = MappingProxyType(dict(signals[name]))
        yield name, ServiceSettings(service.render, found, tuple(service.remedy_options), service.database)


def _check_between_keys(
    document: Document, shape: Shape, environ: Mapping[str, str], signals: probe_requests.Signals
) -> None:
    probe_requests.check_targets(document, shape, signals)
    cross_checks.check_services(document, shape, environ)
    cross_checks.check_dependencies(document, shape)
    cross_checks.check_advanced(document, shape)


def _signals(
    document: Document, shape: Shape, folder: Path | None
) -> tuple[dict[str, dict[str, Adapter]], dict[str, tuple[SignalPolicy, ...]]]:
    adapters: dict[str, dict[str, Adapter]] = {}
    policies: dict[str, tuple[SignalPolicy, ...]] = {}
    for name, service in shape.services.items():
        written, found = check_signals(document, name, service)
        adapters[name] = probe_requests.with_tls_files(document, name, written, folder)
        policies[name] = _with_critical_probes(found, adapters[name])
    return adapters, policies


def _modes(shape: Shape, environ: Mapping[str, str]) -> dict[str, str]:
    """Return each service's mode; a preview copy of the watchdog only observes."""
    # Render sets it for pull-request previews, which share the configuration, and so the production services.
    if environ.get("IS_PULL_REQUEST") == "true":
        return dict.fromkeys(shape.services, "observe")
    return {name: service.mode or shape.mode for name, service in shape.services.items()}


def _with_critical_probes(
    policies: tuple[SignalPolicy, ...], adapters: Mapping[str, Adapter]
) -> tuple[SignalPolicy, ...]:
    """Make the probes critical that say so; where none does, the first `http` signal, unless that one says no."""
    # Failing probes alone are judged critical; elsewhere `critical: true` does nothing, of which a warning is given.
    named = [policy.name for policy in policies if policy.critical and policy.kind in PROBES]
    first = next((policy.name for policy in policies if (policy.source or policy.kind) == "http"), None)
    # `critical: false` was written: the user does not want this signal to decide alone.
    if not named and first is not None and "critical" not in adapters[first].options.model_fields_set:
        named = [first]
    return tuple(dataclasses.replace(policy, critical=policy.name in named) for policy in policies)


def _policy(
    shape: Shape,
    people: Policy,
    modes: Mapping[str, str],
    signals: Mapping[str, tuple[SignalPolicy, ...]],
    vendors: Mapping[str, str],
) -> Policy:
    """Return the policy: its part about people, which is checked already, and all else."""
    services = {
        name: ServicePolicy(
            name=name,
            platform_id=service.render if PLATFORM_ID.fullmatch(service.render or "") else None,
            mode=Mode(modes[name]),
            # A veto delays an automatic rollback; the other modes ask or only watch, and have nothing to delay.
            veto_seconds=(service.veto or 0.0) if modes[name] == "autonomous" else 0.0,
            depends_on=service.depends_on,
            rollback_safe=service.rollback_safe,
            migrations=_migrations(shape, service),
            remedies=tuple(one.remedy for one in service.remedy_options),
            redeploy_commit=service.redeploy_commit,
            database_steps=service.database.steps if service.database is not None else (),
            signals=signals[name],
            title=service.title or "",
            objective=service.objective,
            tags=tuple(dict.fromkeys(service.tags)),
        )
        for name, service in shape.services.items()
    }
    read = {**vendors, **{name: one.vendor_status or "" for name, one in shape.dependencies.items()}}
    # The page named `render` is the host's own: it can veto a rollback; the others only explain.
    # Sorted, so that a configuration in another order is the same policy.
    roles = {
        name: "platform" if name in vendors and name == cross_checks.PLATFORM else "upstream" for name in sorted(read)
    }
    return dataclasses.replace(
        people,
        services=MappingProxyType(services),
        control=shape.control if shape.control is not None else DEFAULT_CONTROL,
        vendors=MappingProxyType({name: VendorPolicy(name, role, page_of(read[name])) for name, role in roles.items()}),
        console_url=(shape.console.url or "").rstrip("/") if shape.console.enabled else "",
        budget=apply(Budget, shape.budget),
        brakes=apply(Brakes, shape.brakes),
        pace=apply(Pace, shape.advanced.pace),
        detection=apply(Detection, shape.advanced.detection),
        blame=apply(BlameWeights, shape.advanced.blame),
        verification=apply(Verification, shape.advanced.verification),
    )


def _migrations(shape: Shape, service: ServiceShape) -> MigrationRules:
    """Return how a service's migrations are recognised; without a repository no file of a deploy is known."""
    own, of_all = service.migrations, shape.migrations
    paths = own.paths if own.paths is not None else of_all.paths
    marker = own.marker if own.marker is not None else of_all.marker
    return MigrationRules(tuple(dict.fromkeys(paths)) if shape.repository is not None else (), marker)


def _endpoints(shape: Shape) -> dict[str, str]:
    written = shape.endpoints
    return {vendor: (getattr(written, vendor) or own).rstrip("/") for vendor, own in ENDPOINTS.items()}


def _store_url(written: str, folder: Path, secrets: Mapping[str, str]) -> str:
    if written == POSTGRESQL:
        return secrets.get(required_secrets.STORE_URL, "")
    if not written.startswith("sqlite:"):
        return written
    # Absolute: store and lock must mean one file, wherever a command is started.
    return f"sqlite:///{(folder / written.removeprefix('sqlite:///')).absolute()}"


def _recordings(shape: Shape, folder: Path) -> Path | None:
    """Return the folder of recordings; by default it lies beside a SQLite store, else beside the configuration."""
    if not shape.record.enabled:
        return None
    if shape.record.folder is not None:
        return (folder / shape.record.folder).absolute()
    store = shape.store
    beside = (folder / store.removeprefix("sqlite:///")).parent if store.startswith("sqlite:") else folder
    return (beside / RECORDINGS).absolute()
