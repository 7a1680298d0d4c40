"""Which changes of a policy loosen safety, as a table; what has no direction is refused."""

import dataclasses
from dataclasses import replace
from types import MappingProxyType

import pytest

from watchdog.app.loosening import SAFE, May, changes, loosened
from watchdog.domain.policy import (
    DEFAULT_MATRIX,
    Action,
    BlameWeights,
    Budget,
    Detection,
    Mode,
    Pace,
    Policy,
    Rule,
    ServicePolicy,
    Severity,
    SignalPolicy,
    VendorPolicy,
    Verification,
)

HOME = SignalPolicy(
    "home", "http", critical=False, limits_seconds={"p95": 0.8}, times_baseline=3.0, limit_per_minute=5.0
)
WEB = ServicePolicy("web", "srv-web", Mode.ASSIST, depends_on=("db",), signals=(HOME,))
SHOP = ServicePolicy("shop", "srv-shop", Mode.AUTONOMOUS, veto_seconds=60.0, signals=(HOME,))
DOCS = ServicePolicy("docs", "srv-docs", signals=(HOME,))
POLICY = Policy(
    services={"web": WEB, "shop": SHOP, "docs": DOCS},
    matrix={**DEFAULT_MATRIX, Severity.CRITICAL: Rule(Action.ROLLBACK, 300.0, ("console", "slack"))},
    control=("https://a.example", "https://b.example?key=c4n4ry"),
    vendors={"render": VendorPolicy("render", "platform")},
    alerts=("console",),
)


def service(**changed: object) -> Policy:
    """Return the policy with something of web (assist) changed."""
    return replace(POLICY, services={**POLICY.services, "web": replace(WEB, **changed)})  # type: ignore[arg-type]


def home(**changed: object) -> Policy:
    """Return the policy with something of web's signal changed."""
    return service(signals=(replace(HOME, **changed),))  # type: ignore[arg-type]


def rule(severity: Severity, **changed: object) -> Policy:
    """Return the policy with a row of the matrix changed."""
    return replace(POLICY, matrix={**POLICY.matrix, severity: replace(POLICY.matrix[severity], **changed)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("new", "line"),
    [
        (service(mode=Mode.AUTONOMOUS), "services.web.mode: assist -> autonomous"),
        (service(rollback_safe=True), "services.web.rollback_safe: False -> True"),
        (service(depends_on=()), "services.web.depends_on.db: listed -> nothing"),
        (service(signals=()), "services.web.signals.home.name: home -> nothing"),
        (home(critical=True), "services.web.signals.home.critical: False -> True"),
        (home(every_seconds=60.0), "services.web.signals.home.every_seconds: 10 -> 60"),
        (home(timeout_seconds=0.5), "services.web.signals.home.timeout_seconds: 5 -> 0.5"),
        (home(kind="latency"), "services.web.signals.home.kind: http -> latency"),
        (home(severity=Severity.CRITICAL), "services.web.signals.home.severity: None -> critical"),
        (home(limits_seconds={"p95": 0.1}), "services.web.signals.home.limits_seconds.p95: 0.8 -> 0.1"),
        (home(times_baseline=1.1), "services.web.signals.home.times_baseline: 3 -> 1.1"),
        (rule(Severity.HIGH, do=Action.ROLLBACK), "matrix.high.do: ask -> rollback"),
        (rule(Severity.CRITICAL, tell=("slack",)), "matrix.critical.tell.console: listed -> nothing"),
        (replace(POLICY, control=POLICY.control[:1]), "control.https://b.example: listed -> nothing"),
        (replace(POLICY, vendors={}), "vendors.render.role: platform -> nothing"),
        (replace(POLICY, alerts=()), "alerts.console: listed -> nothing"),
        (replace(POLICY, budget=Budget(per_service_per_day=3)), "budget.per_service_per_day: 2 -> 3"),
        (replace(POLICY, budget=Budget(cooldown_seconds=60.0)), "budget.cooldown_seconds: 1800 -> 60"),
        (replace(POLICY, blame=BlameWeights(floor=0.5)), "blame.floor: 0.8 -> 0.5"),
        (replace(POLICY, detection=Detection(run_probes_min=2)), "detection.run_probes_min: 5 -> 2"),
        (replace(POLICY, detection=Detection(fresh_seconds=600.0)), "detection.fresh_seconds: 15 -> 600"),
        (replace(POLICY, detection=Detection(cusum_p0=0.1)), "detection.cusum_p0: 0.002 -> 0.1"),
        (replace(POLICY, pace=Pace(suspect_seconds=30.0)), "pace.suspect_seconds: 2 -> 30"),
        (replace(POLICY, verification=Verification(seconds=3.0)), "verification.seconds: 180 -> 3"),
    ],
)
def test_case_39_each_loosening_is_named(new: Policy, line: str) -> None:
    """More rollbacks, fewer probes, less evidence, fewer people told: named, with the figures."""
    assert any(each.startswith(line) for each in loosened(POLICY, new)), loosened(POLICY, new)
    assert set(loosened(POLICY, new)) <= set(changes(POLICY, new))


@pytest.mark.parametrize(
    "new",
    [
        POLICY,
        replace(POLICY, services={**POLICY.services, "new": replace(DOCS, name="new")}),
        replace(POLICY, services={"web": WEB}),
        replace(POLICY, services={**POLICY.services, "docs": replace(DOCS, rollback_safe=True, signals=())}),
        replace(POLICY, services={**POLICY.services, "shop": replace(SHOP, mode=Mode.ASSIST, veto_seconds=0.0)}),
        service(signals=(HOME, replace(HOME, name="api"))),
        home(limits_seconds={"p95": 2.0}, times_baseline=None, every_seconds=5.0, timeout_seconds=9.0),
        rule(Severity.CRITICAL, do=Action.TELL, within_seconds=60.0, tell=("console", "slack", "email")),
        replace(POLICY, budget=Budget(1, 1, 7200.0), blame=BlameWeights(floor=0.9), alerts=("console", "slack")),
    ],
)
def test_what_is_stricter_or_new_loosens_nothing(new: Policy) -> None:
    """Fewer rights, larger limits, more signals, an observed service as one likes: taken while running."""
    assert loosened(POLICY, new) == ()


def test_a_query_of_an_address_is_not_shown() -> None:
    """It may be a key; the log and a page show the change."""
    assert loosened(POLICY, replace(POLICY, control=POLICY.control[:1])) == (
        "control.https://b.example: listed -> nothing",
    )


def test_every_direction_is_of_a_figure_that_exists() -> None:
    """A renamed figure would be left without its line, silently too strict."""
    sections = {field.name: getattr(POLICY, field.name) for field in dataclasses.fields(POLICY)}
    for pattern, may in SAFE.items():
        section, _, name = pattern.partition(".")
        known = {
            "services": {field.name for cls in (ServicePolicy, SignalPolicy) for field in dataclasses.fields(cls)},
            "matrix": {field.name for field in dataclasses.fields(Rule)},
        }.get(section) or {field.name for field in dataclasses.fields(sections[section])}
        assert name.removesuffix(".*").rpartition(".")[2] in known, pattern
        assert isinstance(may, May)


def test_a_figure_without_a_direction_may_not_change() -> None:
    """Both ways: nobody thought about it yet."""
    one = MappingProxyType({**POLICY.services})
    for figure in (0.001, 0.01):
        new = replace(POLICY, services=one, detection=Detection(cusum_p0=figure))
        assert loosened(POLICY, new)
