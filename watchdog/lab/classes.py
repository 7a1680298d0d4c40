"""The fault classes: what a deploy breaks, what breaks by itself, and what only looks like it. A few lines each.

Rule: every parameter is drawn from a range; the right action is what a good operator would do, not what we do.
"""

from dataclasses import replace

from watchdog.domain.readings import FailureKind
from watchdog.lab.profile import BLIP_CAP_SECONDS, draw_blip_seconds
from watchdog.lab.scene import DOWN, FaultClass, Right, Scene
from watchdog.lab.symptoms import Fault, Symptom

HOME = ("home",)
OTHER_ROUTE = ("api",)
RANK = (270.0, 516.0, 1080.0, 3000.0, 11700.0)
"""Quantiles 10, 25, 50, 75, 90 % of how long real outages last, in seconds (66.8 site-years of public monitors)."""


def _lasts(scene: Scene) -> float:
    """Return how long an outage lasts that no deploy caused."""
    place = scene.dice.uniform(0.0, 3.999)
    low, high = RANK[int(place)], RANK[int(place) + 1]
    return low + (high - low) * (place % 1.0)


def _bad(scene: Scene, symptom: Symptom, *tags: str, **more: object) -> None:
    scene.bad_deploy(symptom, **more)  # type: ignore[arg-type]
    scene.truth.right = Right.ROLLBACK
    scene.truth.tags = frozenset(tags)


# --- a deploy did it ---


def hard_down(scene: Scene) -> None:
    """Nothing answers, and nobody else reports it."""
    _bad(scene, scene.dice.choice(DOWN), "hard", after=scene.dice.uniform(0.0, 60.0))


def hard_down_reported(scene: Scene) -> None:
    """Nothing answers, and the platform reports a crash loop."""
    down = replace(scene.dice.choice(DOWN), crash_every_seconds=scene.dice.uniform(5.0, 12.0))
    _bad(scene, down, "hard_corroborated", after=scene.dice.uniform(0.0, 60.0))


def hard_down_new_errors(scene: Scene) -> None:
    """Every request ends in an error that is new; the error tracker hears of it, a minute or two later."""
    down = Symptom(1.0, FailureKind.STATUS, "HTTP 500", errors=1.0, new_error="TypeError: undefined")
    _bad(scene, down, "hard", after=scene.dice.uniform(0.0, 60.0))


def _failing(scene: Scene, low: float, high: float, *tags: str) -> None:
    share = scene.dice.uniform(low, high)
    errors = Symptom(share, FailureKind.STATUS, "HTTP 500", errors=share, new_error="KeyError: session")
    _bad(scene, errors, *tags, routes=HOME, after=scene.dice.uniform(0.0, 60.0))


def half_failing(scene: Scene) -> None:
    """A critical route fails for half of its requests."""
    _failing(scene, 0.45, 0.6, "half")


def fifth_failing(scene: Scene) -> None:
    """A critical route fails for a fifth of its requests, or a bit more."""
    _failing(scene, 0.2, 0.3, "fifth")


def few_failing(scene: Scene) -> None:
    """A critical route fails for one request in twenty to one in seven."""
    _failing(scene, 0.05, 0.15)


def wrong_body(scene: Scene) -> None:
    """HTTP 200, and not the page."""
    wrong = Symptom(1.0, FailureKind.BODY, "text not found")
    _bad(scene, wrong, after=scene.dice.uniform(0.0, 30.0))


def latency_creep(scene: Scene) -> None:
    """Slower, and nothing else: over twice the usual is for a rollback, less for a human."""
    slow = scene.dice.uniform(1.3, 4.0)
    _bad(scene, Symptom(slow=slow), after=scene.dice.uniform(0.0, 60.0))
    if slow < 2.0:
        scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})
    scene.truth.share = 0.05


def leak(scene: Scene) -> None:
    """Slower and slower over an hour or two, then failing."""
    _bad(
        scene,
        Symptom(scene.dice.uniform(0.3, 1.0), slow=scene.dice.uniform(3.0, 8.0)),
        grows=scene.dice.uniform(3600.0, 7200.0),
    )
    scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})
    scene.horizon_seconds = 9000.0


def late_onset(scene: Scene) -> None:
    """It breaks a quarter of an hour to half an hour after the deploy."""
    share = scene.dice.choice((1.0, scene.dice.uniform(0.3, 0.8)))
    down = replace(scene.dice.choice(DOWN), share=share)
    _bad(scene, down, after=scene.dice.uniform(900.0, 1700.0))


def under_load(scene: Scene) -> None:
    """It breaks at the next peak of the traffic, hours later."""
    down = Symptom(scene.dice.uniform(0.2, 0.8), FailureKind.STATUS, "HTTP 503", errors=0.3)
    _bad(scene, down, after=scene.dice.uniform(7200.0, 14400.0))
    scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})


def migration(scene: Scene) -> None:
    """As hard as any, but the deploy says that going back is not safe."""
    _bad(scene, scene.dice.choice(DOWN), after=scene.dice.uniform(0.0, 60.0))
    if scene.dice.random() < 0.5:
        scene.pre_deploy_command = "migrate"
    else:
        scene.main.releases[-1] = replace(scene.main.releases[-1], message="Drop a column\n\nWatchdog: no-rollback")
    scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})


def overlap(scene: Scene) -> None:
    """Two services are deployed within minutes; one of the deploys is bad."""
    scene.deploy(scene.fault_at + scene.dice.uniform(-240.0, 60.0), "shop", blip=scene.dice.random() < 0.3)
    _bad(scene, scene.dice.choice(DOWN), after=scene.dice.uniform(0.0, 60.0))


def no_help(scene: Scene) -> None:
    """A deploy, and in the same minute something breaks that the rollback does not mend: one attempt, then a human."""
    _bad(scene, replace(scene.dice.choice(DOWN), share=0.0))
    scene.truth.share = 1.0
    scene.main.faults[:] = [Fault(scene.dice.choice(DOWN), begins_at=scene.truth.onset_at or 0.0)]
    scene.truth.also = frozenset({Right.PAGE})


# --- no deploy did it ---


def other_incident(scene: Scene) -> None:
    """Something else takes it down; now and then shortly after a good deploy, as chance has it."""
    gap = scene.dice.expovariate(scene.main.profile.deploys_per_day / 86400.0)
    if gap < 7200.0:
        scene.deploy(scene.fault_at - gap, blip=scene.dice.random() < scene.main.profile.restart_blip_share)
    share = scene.dice.choice((1.0, 1.0, scene.dice.uniform(0.2, 0.9)))
    scene.trouble(replace(scene.dice.choice(DOWN), share=share), scene.fault_at, lasts=_lasts(scene))
    scene.truth.right = Right.PAGE


def _region(scene: Scene) -> None:
    for name in ("jobs", "mail", "search"):
        scene.add_service(name)
    names = tuple(name for name in scene.services if scene.dice.random() < 0.8 or name == "web")
    for name in names:
        at = scene.fault_at + scene.dice.uniform(0.0, 20.0)
        scene.trouble(scene.dice.choice(DOWN), at, lasts=_lasts(scene), services=(name,))
    scene.truth.onset_at, scene.truth.right = scene.fault_at, Right.PAGE
    if scene.dice.random() < 0.5:
        begins = scene.fault_at + scene.dice.uniform(300.0, 1200.0)  # status pages are late
        scene.outside.vendors_down["render"] = [(begins, begins + 7200.0)]


def region_outage(scene: Scene) -> None:
    """The platform takes many services down at once."""
    _region(scene)


def region_after_deploy(scene: Scene) -> None:
    """The same, minutes after a good deploy."""
    scene.deploy(scene.fault_at - scene.dice.uniform(30.0, 400.0))
    _region(scene)


def blind(scene: Scene) -> None:
    """Our own network fails: everything seems to be down."""
    lasts = scene.dice.uniform(60.0, 900.0)
    if scene.dice.random() < 0.5:
        scene.deploy(scene.fault_at - scene.dice.uniform(30.0, 400.0))
    down = Symptom(1.0, FailureKind.CONNECT, "network unreachable")
    scene.trouble(down, scene.fault_at, lasts=lasts, services=tuple(scene.services))
    scene.outside.control_down.append((scene.fault_at, scene.fault_at + lasts))
    scene.truth.right, scene.truth.share = Right.SELF, 0.0


def upstream(scene: Scene) -> None:
    """An API that it depends on is down, and its status page says so sooner or later."""
    scene.depends_on["web"] = ("upstream",)
    at, lasts = scene.fault_at, _lasts(scene)
    scene.trouble(Symptom(scene.dice.uniform(0.3, 1.0), FailureKind.STATUS, "HTTP 502", errors=0.5), at, lasts=lasts)
    scene.outside.vendors_down["upstream"] = [(at + scene.dice.uniform(-60.0, 300.0), at + lasts)]
    scene.truth.right = Right.PAGE


def database(scene: Scene) -> None:
    """The database is gone, and with it whatever needs it."""
    scene.depends_on |= {"web": ("db",), "shop": ("db",)}
    at, lasts = scene.fault_at, _lasts(scene)
    scene.trouble(Symptom(1.0, FailureKind.STATUS, "HTTP 500", errors=1.0), at, lasts=lasts, services=("web", "shop"))
    scene.outside.vendors_down["db"] = [(at + scene.dice.uniform(0.0, 60.0), at + lasts)]
    scene.truth.right = Right.PAGE


def surge_with_errors(scene: Scene) -> None:
    """A crowd comes, and it breaks under it."""
    surge = Symptom(
        scene.dice.uniform(0.1, 0.6),
        FailureKind.STATUS,
        "HTTP 503",
        slow=3.0,
        errors=0.2,
        traffic=scene.dice.uniform(3.0, 10.0),
    )
    scene.trouble(surge, scene.fault_at, lasts=_lasts(scene), grows=scene.dice.uniform(30.0, 300.0))
    scene.truth.right = Right.PAGE


def certificate(scene: Scene) -> None:
    """It ran out."""
    scene.trouble(Symptom(1.0, FailureKind.TLS, "certificate has expired"), scene.fault_at)
    if scene.dice.random() < 0.3:
        scene.deploy(scene.fault_at - scene.dice.uniform(30.0, 1500.0))
    scene.truth.right = Right.PAGE


def no_marker(scene: Scene) -> None:
    """Something was changed that no deploy tells of."""
    scene.trouble(scene.dice.choice(DOWN), scene.fault_at)
    scene.truth.right = Right.PAGE


# --- nothing to do ---


def restart_blip(scene: Scene) -> None:
    """A good deploy whose restart is felt for 5 to 40 s."""
    scene.deploy(scene.fault_at, blip=True)


def recovers(scene: Scene) -> None:
    """It fails for at most 40 s, often in a watch window, and is well again."""
    if scene.dice.random() < 0.5:
        scene.deploy(scene.fault_at - scene.dice.uniform(0.0, 1500.0))
    scene.main.add_blip(scene.fault_at, scene.dice.uniform(15.0, 40.0))


def long_blip(scene: Scene) -> None:
    """One of the blips that every service has, up to the longest of them."""
    scene.main.add_blip(scene.fault_at, max(15.0, min(BLIP_CAP_SECONDS, 3 * draw_blip_seconds(scene.dice))))


def surge_quiet(scene: Scene) -> None:
    """A crowd comes, and it holds."""
    scene.trouble(Symptom(traffic=scene.dice.uniform(3.0, 10.0)), scene.fault_at, lasts=1800.0)


def cron_spikes(scene: Scene) -> None:
    """A job makes it slow for some minutes, every half hour or so, and always has."""
    slow = Symptom(slow=scene.dice.uniform(2.0, 3.5))
    every = scene.dice.choice((900.0, 1800.0))
    scene.main.faults.append(
        Fault(
            slow, begins_at=scene.begins_at - 86400.0, every_seconds=every, on_seconds=scene.dice.uniform(60.0, 180.0)
        )
    )
    scene.horizon_seconds = 5400.0


def flaky(scene: Scene) -> None:
    """One request in a hundred fails, and always has."""
    scene.main.faults.append(Fault(Symptom(scene.dice.uniform(0.005, 0.012), errors=0.01), begins_at=0.0))
    scene.deploy(scene.fault_at)
    scene.horizon_seconds = 7200.0


def few_new_errors(scene: Scene) -> None:
    """A good deploy with a new kind of error, seldom: something for a ticket, not for a page."""
    bad = scene.deploy(scene.fault_at)
    rare = Symptom(errors=0.5 / max(scene.main.profile.traffic(scene.fault_at), 1.0), new_error="ValueError: locale")
    scene.main.faults.append(Fault(rare, bad.commit))
    scene.truth.right, scene.truth.also = Right.TICKET, frozenset({Right.NOTHING})


def feed_silent(scene: Scene) -> None:
    """The error tracker's quota is used up: it hears nothing."""
    scene.trouble(Symptom(silent=True), scene.fault_at, lasts=7200.0)
    scene.truth.right, scene.truth.also = Right.TICKET, frozenset({Right.NOTHING})


def feed_late(scene: Scene) -> None:
    """The error tracker is minutes late."""
    scene.feed_delay_seconds = (60.0, 280.0)
    scene.deploy(scene.fault_at)


def quiet_night(scene: Scene) -> None:
    """Few visitors, and one or two of them meet an error."""
    scene.main.profile = replace(scene.main.profile, requests_per_minute=scene.dice.uniform(0.5, 3.0))
    scene.deploy(scene.fault_at)
    scene.trouble(Symptom(errors=0.5), scene.fault_at, lasts=180.0)
    scene.truth.right = Right.NOTHING


CLASSES: tuple[FaultClass, ...] = (
    FaultClass("hard-down", "deploy: nothing answers", hard_down, True, weight=3.0),
    FaultClass("hard-down-reported", "deploy: nothing answers, a reported crash loop", hard_down_reported, True, 2.0),
    FaultClass("hard-down-new-errors", "deploy: nothing but errors that are new", hard_down_new_errors, True, 1.0),
    FaultClass("half-failing", "deploy: a critical route fails for half", half_failing, True, 2.0),
    FaultClass("fifth-failing", "deploy: a critical route fails for 20 to 30 %", fifth_failing, True, 2.0),
    FaultClass("few-failing", "deploy: a critical route fails for 5 to 15 %", few_failing, True),
    FaultClass("wrong-body", "deploy: HTTP 200, wrong page", wrong_body, True),
    FaultClass("latency-creep", "deploy: slower by 30 to 300 %", latency_creep, True),
    FaultClass("leak", "deploy: worse and worse over an hour or two", leak, True),
    FaultClass("late-onset", "deploy: breaks 15 to 28 min later", late_onset, True),
    FaultClass("under-load", "deploy: breaks hours later", under_load, True),
    FaultClass("migration", "deploy: as hard as any, going back not safe", migration, True),
    FaultClass("overlap", "deploy: two services at once, one bad", overlap, True, held_out=True),
    FaultClass("no-help", "deploy, and a rollback does not help", no_help, True, 0.5, held_out=True),
    FaultClass("other-incident", "something else, now and then after a deploy", other_incident, weight=6.0),
    FaultClass("region-outage", "many services at once", region_outage),
    FaultClass("region-after-deploy", "many services at once, after a deploy", region_after_deploy, weight=0.3),
    FaultClass("blind", "our own network", blind, weight=0.5),
    FaultClass("upstream", "an API it depends on", upstream, weight=2.0),
    FaultClass("database", "its database", database),
    FaultClass("surge-with-errors", "a crowd, and errors", surge_with_errors),
    FaultClass("certificate", "an expired certificate", certificate, weight=0.5),
    FaultClass("no-marker", "a change that no deploy tells of", no_marker, held_out=True),
    FaultClass("restart-blip", "a good deploy, felt for 5 to 40 s", restart_blip, weight=2.2),
    FaultClass("recovers", "fails for 15 to 40 s", recovers, weight=1.0),
    FaultClass("long-blip", "fails for up to 55 s by itself", long_blip, held_out=True, weight=1.0),
    FaultClass("surge-quiet", "a crowd, and no errors", surge_quiet, weight=0.1),
    FaultClass("cron-spikes", "slow every half hour, always", cron_spikes, weight=0.2),
    FaultClass("flaky", "1 % fails, always", flaky, weight=0.2),
    FaultClass("few-new-errors", "a good deploy with a rare new error", few_new_errors, weight=0.5),
    FaultClass("feed-silent", "the error tracker hears nothing", feed_silent, weight=0.05),
    FaultClass("feed-late", "the error tracker is late", feed_late, weight=0.1),
    FaultClass("quiet-night", "few visitors, some errors", quiet_night, weight=0.5),
)
BY_NAME = {one.name: one for one in CLASSES}
