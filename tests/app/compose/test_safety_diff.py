"""Which changes of a configuration loosen safety, as a table; what has no direction is refused."""

import dataclasses
from dataclasses import replace

import pytest

from tests.settings.texts import KEY, loaded
from tests.support.least_signals import LEAST
from watchdog.adapters.signals import SIGNALS
from watchdog.app.compose.config_diff import IN_POLICY
from watchdog.app.compose.safety_diff import SAFE, AllowedChange, changes, loosened
from watchdog.domain.code_comparison import MigrationRules
from watchdog.domain.policy import (
    DEFAULT_MATRIX,
    Action,
    Approver,
    BlameWeights,
    Budget,
    Detection,
    Digest,
    Mode,
    Moment,
    Pace,
    Policy,
    Rule,
    ServicePolicy,
    SignalPolicy,
    Stakeholders,
    Step,
    Suppression,
    Then,
    VendorPolicy,
    Verification,
    Weekly,
    Window,
)
from watchdog.domain.severity import Severity
from watchdog.settings import SecretMap, Settings

HOME = SignalPolicy(
    "home", "http", critical=False, limits_seconds={"p95": 0.8}, times_baseline=3.0, limit_per_minute=5.0
)
WEB = ServicePolicy("web", "srv-web", Mode.ASSIST, depends_on=("db",), signals=(HOME,))
NO_REBUILD = replace(WEB, redeploy_commit=False)
SHOP = ServicePolicy("shop", "srv-shop", Mode.AUTONOMOUS, veto_seconds=60.0, signals=(HOME,))
DOCS = ServicePolicy("docs", "srv-docs", signals=(HOME,))
POLICY = Policy(
    services={"web": WEB, "shop": SHOP, "docs": DOCS},
    matrix={**DEFAULT_MATRIX, Severity.CRITICAL: Rule(Action.ROLLBACK, 300.0, ("console", "slack"))},
    control=("https://a.example", "https://b.example?key=c4n4ry"),
    vendors={"render": VendorPolicy("render", "platform")},
    alerts=("console",),
)


QUIET = Suppression("configured-1", None, "ann", "launch", 1.0, 2.0)


def settings(policy: Policy) -> Settings:
    """Return settings that hold this policy, and nothing of how it is read."""
    return Settings(None, policy, {}, {}, {}, SecretMap({}), store_url="memory")


def services(**those: ServicePolicy) -> Policy:
    return replace(POLICY, services={**POLICY.services, **those})


def service(**changed: object) -> Policy:
    return replace(POLICY, services={**POLICY.services, "web": replace(WEB, **changed)})  # type: ignore[arg-type]


def home(**changed: object) -> Policy:
    """Return the policy with something of web's signal changed."""
    return service(signals=(replace(HOME, **changed),))  # type: ignore[arg-type]


def rule(severity: Severity, **changed: object) -> Policy:
    return replace(POLICY, matrix={**POLICY.matrix, severity: replace(POLICY.matrix[severity], **changed)})  # type: ignore[arg-type]


CONTROL, OTHER_KEY = POLICY.control, (POLICY.control[0], "https://b.example?key=new")


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
        (rule(Severity.LOW, do=Action.TICKET), "matrix.low.do: note -> ticket"),
        (rule(Severity.HIGH, then=Then.ROLLBACK), "matrix.high.then: escalate -> rollback"),
        (rule(Severity.HIGH, then=Then.NOTHING), "matrix.high.then: escalate -> nothing"),
        (rule(Severity.CRITICAL, tell=("slack",)), "matrix.critical.tell.console: listed -> nothing"),
        (replace(POLICY, control=CONTROL[:1]), "control.https://b.example: listed -> nothing"),
        (replace(POLICY, vendors={}), "vendors.render.role: platform -> nothing"),
        (service(depends_on=("db", "docs")), "services.web.depends_on.docs: nothing -> listed"),
        (services(docs=replace(DOCS, depends_on=("web",))), "services.docs.depends_on.web: nothing -> listed"),
        (services(new=replace(DOCS, name="new", depends_on=("web",))), "services.new.depends_on.web: nothing"),
        (service(signals=(HOME, replace(HOME, name="api"))), "services.web.signals.api.name: nothing -> api"),
        (home(limits_seconds={"p95": 0.8, "p50": 0.1}), "services.web.signals.home.limits_seconds.p50: nothing"),
        (services(new=replace(SHOP, name="new")), "services.new.name: nothing -> new"),
        (replace(POLICY, services={"web": WEB, "docs": DOCS}), "services.shop.name: shop -> nothing"),
        (replace(POLICY, control=(*CONTROL, "https://c.example")), "control.https://c.example: nothing"),
        (replace(POLICY, control=OTHER_KEY), "control.https://b.example: changed"),
        (replace(POLICY, vendors={"render": VendorPolicy("render", "upstream")}), "vendors.render.role: platform"),
        (replace(POLICY, silences=(QUIET,)), "silences.configured-1."),
        (replace(POLICY, ack_holds_seconds=7200.0), "ack_holds_seconds: 1800 -> 7200"),
        (replace(POLICY, alerts=()), "alerts.console: listed -> nothing"),
        (replace(POLICY, budget=Budget(per_service_per_day=3)), "budget.per_service_per_day: 2 -> 3"),
        (replace(POLICY, budget=Budget(cooldown_seconds=60.0)), "budget.cooldown_seconds: 1800 -> 60"),
        (replace(POLICY, blame=BlameWeights(floor=0.5)), "blame.floor: 0.8 -> 0.5"),
        (replace(POLICY, detection=Detection(run_probes_min=2)), "detection.run_probes_min: 5 -> 2"),
        (replace(POLICY, detection=Detection(fresh_seconds=600.0)), "detection.fresh_seconds: 15 -> 600"),
        (replace(POLICY, detection=Detection(cusum_p0=0.1)), "detection.cusum_p0: 0.002 -> 0.1"),
        (replace(POLICY, detection=Detection(cusum_p0=0.001)), "detection.cusum_p0: 0.002 -> 0.001"),
        (replace(POLICY, pace=Pace(suspect_seconds=30.0)), "pace.suspect_seconds: 2 -> 30"),
        (replace(POLICY, verification=Verification(seconds=3.0)), "verification.seconds: 180 -> 3"),
    ],
)
def test_case_39_each_loosening_is_named(new: Policy, line: str) -> None:
    """More rollbacks, fewer probes, less evidence, fewer people told: named, with the figures, and no query's key.

    A figure without a direction (cusum_p0) may change neither way: nobody thought about it yet.
    """
    found = loosened(settings(POLICY), settings(new))
    assert any(each.startswith(line) for each in found) and "c4n4ry" not in str(found), found
    assert set(found) <= set(changes(settings(POLICY), settings(new)))


def test_who_reads_in_plain_words_may_change_and_go() -> None:
    """They decide nothing, and nothing wakes them; so with a service's title and tags. (Channels need a restart.)"""
    board = Stakeholders("board", ("board-email",), ("web",))
    told = replace(POLICY, stakeholders=(board,))
    others = [replace(board, severity=Severity.LOW), replace(board, services=("shop",)), replace(board, zone="UTC")]
    for new in (*(replace(POLICY, stakeholders=(one,)) for one in others), POLICY, service(title="The shop")):
        assert loosened(settings(told), settings(replace(new, services=new.services))) == ()
    assert loosened(settings(POLICY), settings(told)) == ()
    for old, new in ((POLICY, service(tags=("eu",))), (service(tags=("eu",)), POLICY)):
        assert loosened(settings(old), settings(new)) == () != changes(settings(old), settings(new))
    assert changes(settings(POLICY), settings(service(title="The shop"))) == ("services.web.title:  -> The shop",)


MIGRATES = MigrationRules(("**/migrations/**",))


def test_a_further_pattern_of_migrations_only_asks_more_and_all_else_of_them_loosens() -> None:
    """Another marker leaves out what the one before named."""
    more = replace(MIGRATES, paths=(*MIGRATES.paths, "db/**"))
    old, new = (settings(service(migrations=rules)) for rules in (MIGRATES, more))
    assert loosened(old, new) == () != changes(old, new)
    assert loosened(new, old) == ("services.web.migrations.paths.db/**: listed -> nothing",)
    other = settings(service(migrations=replace(MIGRATES, marker="migrates")))
    assert loosened(old, other) == ("services.web.migrations.marker: watchdog: migration -> migrates",)


LEAD = Approver("lead", ("slack:U0AAA", "terminal:lead"), ("lead-email",))


NIGHTS = Window("nights", Weekly((5, 6), 120, 240, "UTC"))


def approved(by: Approver | None, **changed: object) -> Policy:
    """Return the policy whose row for high names this approver."""
    return rule(Severity.HIGH, approver=by, **changed)


def scheduled(begins: int = 120, days: tuple[int, ...] = (5, 6), name: str = "nights") -> Policy:
    """Return the policy whose row for high waits for these hours."""
    return rule(Severity.HIGH, do=Action.SCHEDULE, window=Window(name, Weekly(days, begins, 240, "UTC")))


def called(**changed: object) -> Policy:
    """Return the policy that calls the lead next."""
    return replace(POLICY, escalation=(replace(Step("lead", ("email",), 600.0), **changed),))  # type: ignore[arg-type]


AGAIN = replace(POLICY, escalation=(Step("everyone again", (), 600.0),))
NO_LEAD = tuple(f"escalation.lead.{what}" for what in ("name: lead -> nothing", "channels.email", "hours", "rotation"))
NOBODY = tuple(f"escalation.everyone again.{what}" for what in ("name: everyone again -> nothing", "hours", "rotation"))
ACTS = rule(Severity.HIGH, then=Then.ROLLBACK)
RELYING = services(web=replace(WEB, depends_on=("docs",)))
DEAF = replace(DOCS, signals=())
ALONE, AMONG = (replace(POLICY, services={"docs": docs}) for docs in (DOCS, replace(DOCS, depends_on=("db",))))
UNREACHED = replace(LEAD, channels=())
MORE = replace(LEAD, answers_as=("slack:U0AAA", "slack:U0BBB"))
UNASKED = ("high.approver.name: lead -> nothing", "high.approver.channels.lead-email")
LESS = replace(LEAD, answers_as=("slack:U0AAA",), channels=("lead-email", "lead-slack"))


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (approved(None), approved(LEAD), ()),
        (approved(LEAD), approved(LEAD), ()),
        (approved(LEAD), approved(LESS), ()),
        (approved(LEAD), approved(None), UNASKED),
        (approved(LEAD), approved(None, do=Action.TELL), ()),
        (approved(LEAD), approved(None, do=Action.ROLLBACK), ("high.do: ask -> rollback", *UNASKED)),
        (approved(LEAD), approved(replace(LEAD, name="boss")), ("high.approver.name: lead -> boss",)),
        (approved(LEAD), approved(UNREACHED), ("high.approver.channels.lead-email: listed -> nothing",)),
        (approved(LEAD), approved(MORE), ("high.approver.answers_as.slack:U0BBB: nothing -> listed",)),
        (POLICY, scheduled(), ()),
        (scheduled(), scheduled(), ()),
        (scheduled(), rule(Severity.HIGH, do=Action.TELL), ()),
        (scheduled(), POLICY, ("high.do: schedule -> ask",)),
        (scheduled(), rule(Severity.HIGH, do=Action.ROLLBACK), ("high.do: schedule -> rollback",)),
        (rule(Severity.HIGH, do=Action.TELL), scheduled(), ("high.do: tell -> schedule",)),
        (rule(Severity.MEDIUM), rule(Severity.MEDIUM, do=Action.SCHEDULE, window=NIGHTS), ("medium.do: tell",)),
        (scheduled(), scheduled(name="noon"), ("high.window.name: nights -> noon",)),
        (scheduled(), scheduled(60), ("high.window.hours.begins_minute: 120 -> 60",)),
        (scheduled(), scheduled(days=(5,)), ("high.window.hours.days.6: listed -> nothing",)),
        (ACTS, rule(Severity.HIGH, then=Then.ROLLBACK, within_seconds=60.0), ("high.within_seconds: 900 -> 60",)),
        (ACTS, rule(Severity.HIGH, then=Then.ROLLBACK, within_seconds=3600.0), ()),
        (ACTS, rule(Severity.HIGH, within_seconds=60.0), ()),
        (POLICY, rule(Severity.HIGH, within_seconds=60.0, remind_seconds=9.0), ()),
        (called(), called(after_seconds=60.0), ()),
        (called(), called(after_seconds=900.0), ("escalation.lead.after_seconds: 600 -> 900",)),
        (called(), called(hours=NIGHTS.hours), ("escalation.lead.hours: None -> nothing",)),
        (called(), called(channels=("slack",)), ("escalation.lead.channels.email: listed -> nothing",)),
        (called(), POLICY, NO_LEAD),
        (called(), AGAIN, NO_LEAD),
        (AGAIN, called(), ()),
        (AGAIN, called(after_seconds=601.0), NOBODY),
        (AGAIN, POLICY, NOBODY),
        (RELYING, replace(RELYING, services={**RELYING.services, "docs": DEAF}), ("services.docs.signals.home.name",)),
        (ALONE, AMONG, ()),
        (POLICY, POLICY, ()),
        (POLICY, services(new=replace(DOCS, name="new")), ()),
        (POLICY, replace(POLICY, services={"web": WEB, "shop": SHOP}), ()),
        (POLICY, services(docs=replace(DOCS, rollback_safe=True, signals=())), ()),
        (POLICY, services(web=NO_REBUILD), ()),
        (services(web=NO_REBUILD), POLICY, ("services.web.redeploy_commit: False -> True",)),
        (POLICY, services(shop=replace(SHOP, mode=Mode.ASSIST, veto_seconds=0.0)), ()),
        (POLICY, replace(POLICY, vendors={**POLICY.vendors, "stripe": VendorPolicy("stripe", "upstream")}), ()),
        (POLICY, home(limits_seconds={"p95": 2.0}, times_baseline=None, every_seconds=5.0, timeout_seconds=9.0), ()),
        (POLICY, rule(Severity.CRITICAL, do=Action.TELL, within_seconds=60.0, tell=("console", "slack", "email")), ()),
        (POLICY, rule(Severity.HIGH, do=Action.TICKET), ()),
        (POLICY, rule(Severity.MEDIUM, do=Action.TICKET), ()),
        (POLICY, replace(POLICY, action_holds=(QUIET,)), ()),
        (POLICY, replace(POLICY, good_news=("slack",), digest=Digest(Moment(0, 540, "UTC"), ("slack",))), ()),
        (POLICY, replace(POLICY, escalation=(Step("lead", ("email",)),), ack_holds_seconds=600.0), ()),
        (POLICY, replace(POLICY, budget=Budget(1, 1, 7200.0), alerts=("console", "slack")), ()),
        (POLICY, replace(POLICY, blame=BlameWeights(floor=0.9)), ()),
    ],
)
def test_case_39_it_depends_on_what_was_there(old: Policy, new: Policy, lines: tuple[str, ...]) -> None:
    """No approver any more, somebody else, one identity more, or asked nowhere of their own: each needs a restart.

    To wait where one asked holds back more, and not to wait less; other hours may be sooner, or never. A deadline at
    which it is rolled back may only come later; who is called next may come sooner and may not go, or a site that fails
    could go unseen. A service that is only observed matters to one that relies on it: its failing speaks against the
    deploy of the other. Who relies on whom is free while nothing may be changed: there is nothing to brake. Fewer
    rights, larger limits, more people, another status page, what is only observed: taken as it is.
    """
    found = [one.removeprefix("matrix.") for one in loosened(settings(old), settings(new))]
    assert len(found) == len(lines) and all(map(str.startswith, found, lines)), found


TEXT = """\
version: 1
services:
  web:
    render: srv-web
    mode: assist
    signals:
      home: {http: https://www.acme.example, contains: Buy, max_latency: 2s}
      slow: {latency: https://www.acme.example, p95: 2s}
  docs:
    signals:
      front: {http: https://docs.acme.example}
dependencies:
  db: {render: dpg-1}
  mail: {vendor_status: https://status.mail.example/api/v2/summary.json}
vendor_status: {render: null, cdn: https://status.cdn.example/api/v2/summary.json}
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("https://www.acme.example, c", "https://old.acme.example, c", "services.web.signals.home.http: changed"),
        ("contains: Buy", "contains: Sold", "services.web.signals.home.contains: changed"),
        ("contains: Buy, ", "", "services.web.signals.home.contains: written -> None"),
        ("contains: Buy", "contains: Buy, matches: B.y", "services.web.signals.home.matches: None -> written"),
        ("contains: Buy", "contains: Buy, status: 5xx", "services.web.signals.home.status: changed"),
        ("contains: Buy", "contains: Buy, json: {$.ok: true}", "services.web.signals.home.json: changed"),
        ("contains: Buy", "contains: Buy, max_body: 1KiB", "services.web.signals.home.max_body: 1048576 -> 1024"),
        ("max_latency: 2s", "max_latency: 100ms", "services.web.signals.home.max_latency: 2 -> 0.1"),
        ("p95: 2s", "p95: 100ms", "services.web.signals.slow.limits_seconds.p95: 2 -> 0.1"),
        ("dpg-1", "dpg-2", "dependencies.db.render: changed"),
        ("status.mail", "status.post", "dependencies.mail.vendor_status: changed"),
        ("status.cdn", "status.net", "vendor_status.cdn: changed"),
        ("render: null", "render: https://status.net.example/s.json", "vendor_status.render: changed"),
        ("max_latency: 2s", "max_latency: 4s", ""),
        (", max_latency: 2s", "", ""),
        ("https://docs.acme.example}", "https://help.acme.example, contains: Help, max_latency: 1s}", ""),
        ("  db:", "  queue: {render: dpg-9}\n  db:", ""),
        ("vendor_status: {", "# a comment\nvendor_status: {stripe: https://status.pay.example/s.json, ", ""),
        ("contains: Buy", "contains: Buy, every: 5s, timeout: 9s", ""),
    ],
)
def test_case_39_how_signals_and_pages_are_read_is_judged_too(old: str, new: str, line: str) -> None:
    """What is looked for and where: another text may hide a site that fails, or make one fail that does not."""
    assert TEXT.count(old) == 1
    was, now = loaded(TEXT, KEY), loaded(TEXT.replace(old, new), KEY)
    assert loosened(was, now) == ((line,) if line else ()) and set(loosened(was, now)) <= set(changes(was, now))
    assert "Sold" not in str(changes(was, now)) and "old.acme" not in str(changes(was, now)), "it may hold a key"


OTHERWISE = {"every": 7.0, "timeout": 7.0, "severity": Severity.LOW, "critical": True, "window": 77.0, "limit": 7.0}


def test_an_option_that_is_judged_in_the_policy_is_there() -> None:
    """Whatever is left out of the comparison of options changes the policy of every kind of signal that has it."""
    for kind, entry in SIGNALS.items():
        options = entry.options(**LEAST[kind])
        for field in IN_POLICY & set(type(options).model_fields):
            other = options.model_copy(update={field: OTHERWISE.get(field, 7.0)})
            assert entry.policy("home", other) != entry.policy("home", options), (kind, field)


def test_news_may_come_change_and_go() -> None:
    """They ask nothing of anybody, so nothing hangs on them."""
    told = replace(POLICY, good_news=("slack",), digest=Digest(Moment(0, 540, "UTC"), ("slack",)), announcements=("x",))
    later = Digest(Moment(4, 900, "Europe/Berlin"), ("email", "slack"))
    digests = ({"digest": later}, {"digest": None}, {"good_news": (), "digest": None})
    for changed in ({"good_news": ("email",)}, {"announcements": ("y",)}, {"announcements": ()}, *digests):
        other = replace(told, **changed)  # type: ignore[arg-type]
        assert changes(settings(told), settings(other)) and loosened(settings(told), settings(other)) == ()
        assert loosened(settings(other), settings(told)) == ()


def test_every_direction_is_of_a_figure_that_exists() -> None:
    """A renamed figure would be left without its line, silently too strict."""
    sections = {field.name: getattr(POLICY, field.name) for field in dataclasses.fields(POLICY)}
    for pattern, may in SAFE.items():
        section, _, name = pattern.partition(".")
        known = {
            "services": {field.name for cls in (ServicePolicy, SignalPolicy) for field in dataclasses.fields(cls)}
            | {field for kind in SIGNALS.values() for field in kind.options.model_fields},
            "matrix": {field.name for cls in (Rule, Approver) for field in dataclasses.fields(cls)},
            "escalation": {field.name for field in dataclasses.fields(Step)},
            "ack_holds_seconds": {""},
            "stakeholders": {field.name for field in dataclasses.fields(Stakeholders)},
            "good_news": {"*"},
            "announcements": {"*"},
            "console_url": {""},
            "vendors": {field.name for field in dataclasses.fields(VendorPolicy)},
            "digest": {"", *(field.name for cls in (Digest, Moment) for field in dataclasses.fields(cls))},
        }.get(section) or {field.name for field in dataclasses.fields(sections[section])}
        assert name.removesuffix(".*").rpartition(".")[2] in known, pattern
        assert isinstance(may, AllowedChange)
