"""The secrets that the configuration needs, and the warnings for its user."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from urllib.parse import urlsplit

from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.notifiers.alertmanager import TOKEN as ALERTMANAGER_TOKEN
from watchdog.adapters.notifiers.alertmanager import AlertmanagerOptions
from watchdog.adapters.notifiers.apprise import LIBRARY as APPRISE_LIBRARY
from watchdog.adapters.notifiers.slack import SlackOptions
from watchdog.adapters.options import travels_in_clear
from watchdog.adapters.signals import SIGNALS
from watchdog.adapters.signals.vendor_status import NOT_READABLE
from watchdog.adapters.ssrf_guard import is_loopback
from watchdog.domain.policy import PROBES, SignalPolicy
from watchdog.domain.remedies.kinds import words
from watchdog.domain.units import show_seconds
from watchdog.settings.model.settings import Adapter
from watchdog.settings.rules.console_access import CONSOLE_TOKEN, OIDC_SECRET, console_warnings, install_extra
from watchdog.settings.rules.probe_requests import unused_secrets, variables_of_probes
from watchdog.settings.rules.server_names import name_warnings
from watchdog.settings.schema.schema import Shape
from watchdog.settings.schema.tuning import figure
from watchdog.settings.schema.written_values import POSTGRESQL
from watchdog.settings.text.yaml_document import Document, Path

STORE_URL = "WATCHDOG_STORE_URL"
RENDER_KEY = "WATCHDOG_RENDER_API_KEY"
HEARTBEAT = "WATCHDOG_HEARTBEAT_URL"
CRONS = "WATCHDOG_SENTRY_CRONS_URL"
WRITE_PASSWORD, WRITE_TOKEN = "WATCHDOG_REMOTE_WRITE_PASSWORD", "WATCHDOG_REMOTE_WRITE_TOKEN"
SLACK_LIBRARY = "websockets"
WITH_RENDER = frozenset({"render_events"})
"""Kinds of signals that are `Unknown` without a Render key."""


def check_secrets(
    document: Document,
    shape: Shape,
    modes: Mapping[str, str],
    signals: Mapping[str, Mapping[str, Adapter]],
    channels: Mapping[str, Adapter],
    variables: Mapping[str, str],
) -> None:
    """Report every secret that is needed and not set, once, at the first line that needs it."""
    needed: dict[str, tuple[Path, str]] = {}
    for name, mode in modes.items():
        if mode != "observe":
            path: Path = ("services", name, "mode") if shape.services[name].mode else ("mode",)
            # `setdefault`: the first line that needs a secret is the one the report names.
            needed.setdefault(RENDER_KEY, (path, f"mode {mode}"))
    for service, adapters in signals.items():
        for name, adapter in adapters.items():
            for variable in SIGNALS[adapter.kind].secrets(adapter.options):
                path = ("services", service, "signals", name)
                needed.setdefault(variable, (path, f"a {adapter.kind} signal"))
    for variable, path in variables_of_probes(signals):
        needed.setdefault(variable, (path, "a probe"))
    for name, adapter in channels.items():
        for variable in NOTIFIERS[adapter.kind].secrets(adapter.options):
            needed.setdefault(variable, (("channels", name), f"the channel {name}"))
    for variable, wanted in (*_of_remedies(shape, modes), *_of_the_rest(shape).items()):
        needed.setdefault(variable, wanted)
    for variable, (path, who) in needed.items():
        if not variables.get(variable):
            document.report(
                path,
                f"{who} needs a secret that is not set",
                f"set the variable {variable}, or write it into .env beside this file",
            )


def _of_remedies(shape: Shape, modes: Mapping[str, str]) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Yield the token at each remedy, and each drill, whose request has a place for it."""
    for name, mode in modes.items():
        for place, one in enumerate(shape.services[name].remedies):
            options = one.options
            if options is not None and options.secret and mode != "observe":
                yield options.secret, (("services", name, "remedies", place), words(options.name).noun)
        drill = shape.services[name].drill
        if drill is not None and drill.flag_on is not None and drill.flag_on.secret:
            yield drill.flag_on.secret, (("services", name, "drill", "flag_on"), "a drill by a feature flag")


def _of_the_rest(shape: Shape) -> dict[str, tuple[Path, str]]:
    """Return the secrets that neither a service nor a channel needs."""
    needed: dict[str, tuple[Path, str]] = {}
    if shape.store == POSTGRESQL:
        needed[STORE_URL] = (("store",), f"store: {POSTGRESQL}")
    if shape.console.enabled and shape.console.tokens:
        needed[CONSOLE_TOKEN] = (("console",), "the console")
    if shape.console.enabled and shape.console.oidc is not None:
        needed[OIDC_SECRET] = (("console", "oidc"), "oidc")
    if shape.metrics.remote_write_user:
        needed[WRITE_PASSWORD] = (("metrics", "remote_write_user"), "a remote_write_user")
    return needed


def check_channel_access(
    document: Document, shape: Shape, channels: Mapping[str, Adapter], variables: Mapping[str, str]
) -> None:
    """Report a channel whose library is not installed, or whose token would travel in clear."""
    _check_slack(document, channels)
    if "apprise" in channels and find_spec(APPRISE_LIBRARY) is None:
        what = f"needs the library {APPRISE_LIBRARY}, which the extra apprise brings"
        document.report(("channels", "apprise"), what, install_extra("apprise"))
    _check_alertmanager(document, shape, channels, variables)


def _check_slack(document: Document, channels: Mapping[str, Adapter]) -> None:
    """Report approvals in Slack whose library is not installed."""
    if answers_in_slack(channels) is not None and find_spec(SLACK_LIBRARY) is None:
        what = f"needs {SLACK_LIBRARY}, which the extra slack brings"
        document.report(("channels", "slack", "approvals"), what, install_extra("slack"))


def answers_in_slack(channels: Mapping[str, Adapter]) -> SlackOptions | None:
    """Return the options of Slack where people can answer and ask there, else None."""
    options = channels["slack"].options if "slack" in channels else None
    return options if isinstance(options, SlackOptions) and options.listens else None


def slack_warnings(channels: Mapping[str, Adapter]) -> Sequence[str]:
    """Return a warning if no member may answer in Slack."""
    options = answers_in_slack(channels)
    if options is None or options.users:
        return ()
    how = "write approvals: {socket_mode: true, users: [U0AAA]}"
    return (
        f"channels.slack.approvals names no approver: /watchdog only answers questions there, without buttons; {how}",
    )


def _check_alertmanager(
    document: Document, shape: Shape, channels: Mapping[str, Adapter], variables: Mapping[str, str]
) -> None:
    """Report the address of an Alertmanager to which the token would travel in clear."""
    options = channels["alertmanager"].options if "alertmanager" in channels else None
    if not isinstance(options, AlertmanagerOptions) or not variables.get(ALERTMANAGER_TOKEN):
        return
    for place, written in enumerate(options.urls):
        if travels_in_clear(written, shape.private_hosts):
            document.report(
                ("channels", "alertmanager", "urls", place),
                f"{ALERTMANAGER_TOKEN} would travel in clear",
                "write https://, or list the host under private_hosts, if it is in your network",
            )


def check_remote_write(document: Document, shape: Shape, variables: Mapping[str, str]) -> None:
    """Report credentials for remote write that do not fit together, or would travel in clear."""
    metrics, path = shape.metrics, ("metrics", "remote_write")
    password = bool(variables.get(WRITE_PASSWORD))
    token = bool(variables.get(WRITE_TOKEN))
    if metrics.remote_write is None:
        if metrics.remote_write_user:
            document.report(
                (*path[:1], "remote_write_user"), "useless without remote_write", "add remote_write: https://…"
            )
        return
    if password and not metrics.remote_write_user:
        document.report(path, f"{WRITE_PASSWORD} is set without a user", "add remote_write_user: …")
    # A receiver takes one of the two; the other would be answered with 401 and no reason.
    if password and token:
        what = f"both {WRITE_PASSWORD} and _TOKEN are set"
        document.report(path, what, "keep the one your receiver asks for")
    if (password or token) and travels_in_clear(metrics.remote_write):
        document.report(path, "the credentials would travel in clear", "write https://")


def warnings_of(
    shape: Shape,
    modes: Mapping[str, str],
    signals: Mapping[str, Mapping[str, Adapter]],
    variables: Mapping[str, str],
    environ: Mapping[str, str],
) -> Sequence[str]:
    """Return warnings of settings that work, but probably not as meant."""
    found: list[str] = []
    key = bool(variables.get(RENDER_KEY))
    if environ.get("IS_PULL_REQUEST") == "true":
        found.append("IS_PULL_REQUEST is true: this is a preview copy, so every service is only observed")
    # Render sets RENDER_* for the watchdog's own service; a key among them was most likely meant for us.
    if environ.get("RENDER_API_KEY") and not key:
        found.append(f"RENDER_API_KEY is set, but RENDER_* is never read for the target: set {RENDER_KEY}")
    if not key and any(service.render for service in shape.services.values()):
        found.append(f"without {RENDER_KEY} no deploy is seen: blame stays unknown")
    # A file on Render's own disk is lost with each deploy, and with it the memory of rollbacks that were sent.
    if environ.get("RENDER") == "true" and not shape.store.startswith(("sqlite:////", POSTGRESQL, "postgres:")):
        found.append("store: on Render only a disk survives a restart: write sqlite:////var/data/watchdog.db")
    if variables.get(STORE_URL) and shape.store != POSTGRESQL:
        found.append(f"{STORE_URL} is set and not used: write store: {POSTGRESQL}")
    if shape.vendor_status is not None and "render" not in shape.vendor_status:
        found.append("vendor_status: without render no outage of the platform can veto a rollback")
    found += [
        f"vendor_status: the page of {name} is HTML, which cannot be read: drop it, or write the URL of a mirror"
        for name, url in (shape.vendor_status or {}).items()
        if url is None and name in NOT_READABLE
    ]
    autonomous = [name for name, mode in modes.items() if mode == "autonomous"]
    # Without a dead man's switch a crashed watchdog looks exactly like a quiet one.
    if autonomous and not (variables.get(HEARTBEAT) or variables.get(CRONS)):
        found.append(f"AUTONOMOUS WITHOUT A HEARTBEAT: a dead watchdog goes unnoticed: set {HEARTBEAT}")
    found.extend(
        f"services.{name} is autonomous without an http signal: it can only ask"
        for name in autonomous
        if not any(adapter.kind == "http" for adapter in signals[name].values())
    )
    found.extend(
        f"services.{service}.signals.{name}.critical has no effect: {adapter.kind} is judged by other rules: "
        "write severity: critical, or remove it"
        for service, adapters in signals.items()
        for name, adapter in adapters.items()
        if _policy(adapter).kind not in PROBES and getattr(adapter.options, "critical", None)
    )
    for service, adapters in signals.items():
        blind = [name for name, adapter in adapters.items() if adapter.kind in WITH_RENDER]
        if blind and (not key or not shape.services[service].render):
            found.append(f"services.{service}.signals.{blind[0]} stays unknown: it needs render: and {RENDER_KEY}")
    found.extend(_warnings_of_the_whole(shape, autonomous, key))
    found.extend(_private_names(shape, signals))
    found.extend(_own_sites_as_control(shape, signals))
    found.extend(_too_patient(shape, signals))
    found.extend(unused_secrets(signals, variables))
    found.extend(console_warnings(shape, variables))
    found.extend(name_warnings(shape, environ))
    return found


def _too_patient(shape: Shape, signals: Mapping[str, Mapping[str, Adapter]]) -> Sequence[str]:
    """Return a warning for each probe whose timeout is so long that its failure is old when it is known.

    A reading is dated to its begin, and a rollback is only sent on a failure that is fresh.
    """
    fresh = figure("detection", shape.advanced.detection, "fresh")
    return [
        f"services.{service}.signals.{name}.timeout is too long to act on: a site that hangs is paged, "
        f"and never rolled back: write less than {show_seconds(fresh)}"
        for service, adapters in signals.items()
        for name, adapter in adapters.items()
        if _policy(adapter).asks_the_site and getattr(adapter.options, "timeout", 0.0) >= fresh
    ]


def _policy(adapter: Adapter) -> SignalPolicy:
    """Return how the core judges a signal."""
    return SIGNALS[adapter.kind].policy("", adapter.options)


def _private_names(shape: Shape, signals: Mapping[str, Mapping[str, Adapter]]) -> Sequence[str]:
    """Return a warning for each host that can only be in a private network and is not listed as such."""
    urls = {**_probed(signals), "metrics.remote_write": shape.metrics.remote_write}
    hosts = {place: (urlsplit(url).hostname or "") if isinstance(url, str) else "" for place, url in urls.items()}
    return [
        f"{place} is not connected to: {host} leads into a private network, so list it under private_hosts"
        for place, host in hosts.items()
        if is_private_name(host) and host not in shape.private_hosts
    ]


def _probed(signals: Mapping[str, Mapping[str, Adapter]]) -> Mapping[str, object]:
    """Return the address of each probe, by its place in the file."""
    return {
        f"services.{service}.signals.{name}": getattr(adapter.options, adapter.kind, None)
        for service, adapters in signals.items()
        for name, adapter in adapters.items()
        if _policy(adapter).kind in PROBES
    }


def _own_sites_as_control(shape: Shape, signals: Mapping[str, Mapping[str, Adapter]]) -> Sequence[str]:
    """Return a warning for each control target that is a guarded site: its outage looks like a fault of our network."""
    own = {urlsplit(url).netloc.lower(): place for place, url in _probed(signals).items() if isinstance(url, str)}
    return [
        f"control: {host} is guarded by {own[host]}: an outage of it looks like one of the watchdog's network, and is "
        "not judged: name the site of another operator"
        for host in dict.fromkeys(urlsplit(url).netloc.lower() for url in shape.control or ())
        if host in own
    ]


def is_private_name(host: str) -> bool:
    """Return whether no public name server can know it: one word, or a name under `.internal`."""
    # Digits alone are an IPv4 address in another form, which the guard judges.
    one_word = "." not in host and ":" not in host and not host.isdigit()
    return bool(host) and (one_word or host.endswith(".internal")) and not is_loopback(host)


def _warnings_of_the_whole(shape: Shape, autonomous: Sequence[str], key: bool) -> Sequence[str]:
    found: list[str] = []
    if not shape.channels:
        found.append("no channels: notices only go to the console")
    if set(shape.channels) == {"console"}:
        found.append(
            "channels: NO CHANNEL TO PEOPLE: console is standard error: add slack, pagerduty, email or webhook"
        )
    if set(shape.channels) == {"tickets"}:
        found.append("channels: tickets are the only channel: they page no one and get every notice: add a channel")
    # One control site may fail by itself, and would then make every probe of that moment `Unknown`.
    if shape.control is not None and len(shape.control) < 2:
        blind = (
            "a fault of the watchdog's network looks like an outage"
            if not shape.control
            else "a single control target may be down"
        )
        found.append(f"control: {blind}: name two targets")
    if autonomous and (shape.policy.critical.do or "rollback") != "rollback":
        found.append(f"mode autonomous, but critical only asks for {shape.policy.critical.do}: nothing is rolled back")
    if shape.repository is None and any(_may_migrate(shape, name) for name in autonomous):
        found.append(
            "without repository: a deploy that migrates a database is known by its pre-deploy command, or by "
            "migrations.marker in a commit's message, alone: write repository: github"
        )
    if not key and any(dependency.render for dependency in shape.dependencies.values()):
        found.append(f"dependencies on Render stay unknown without {RENDER_KEY}")
    return found


def _may_migrate(shape: Shape, name: str) -> bool:
    """Return whether migrations of a service are to be recognised by their files."""
    service = shape.services[name]
    paths = service.migrations.paths if service.migrations.paths is not None else shape.migrations.paths
    return bool(paths) and not service.rollback_safe
