"""What breaks by itself, or by somebody else's doing: no deploy did it, and a human must hear of it."""

from dataclasses import replace

from watchdog.domain.readings import FailureKind
from watchdog.lab.episode import DOWN, MAIN, EpisodeWorld, Right
from watchdog.lab.faults import Symptom

RANK = (270.0, 516.0, 1080.0, 3000.0, 11700.0)
"""Quantiles 10, 25, 50, 75, 90 % of how long real outages last, in seconds (66.8 site-years of public monitors).

What is shorter has a class of its own; what is longer costs no more: there is a human by then.
"""


def _lasts(scene: EpisodeWorld) -> float:
    """Return how long an outage lasts that no deploy caused."""
    place = scene.draw(0.0, 3.999)
    low, high = RANK[int(place)], RANK[int(place) + 1]
    return low + (high - low) * (place % 1.0)


def other_incident(scene: EpisodeWorld) -> None:
    """Something else takes it down; now and then shortly after a good deploy, as chance has it."""
    _outage(scene, _lasts(scene))


def short_outage(scene: EpisodeWorld) -> None:
    """The same, and well again by itself before a human could have looked: telling or not is all one."""
    _outage(scene, scene.draw(60.0, RANK[0]))
    scene.truth.also = frozenset({Right.NOTHING})


def _outage(scene: EpisodeWorld, lasts: float) -> None:
    scene.deploy_by_chance()
    share = scene.dice.choice((1.0, 1.0, scene.draw(0.2, 0.9)))
    scene.trouble(replace(scene.dice.choice(DOWN), share=share), scene.fault_at, lasts=lasts)
    scene.truth.right = Right.PAGE


def blip_tail(scene: EpisodeWorld) -> None:
    """A good deploy that starts slowly (its cache warms up): longer than any blip, and then it is well."""
    release = scene.deploy(scene.fault_at)
    down = replace(scene.dice.choice(DOWN), share=scene.dice.choice((1.0, scene.draw(0.5, 1.0))))
    scene.trouble(down, release.serves_at + scene.draw(0.0, 60.0), lasts=scene.draw(55.0, 110.0))
    scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.NOTHING})


def _coincidence(scene: EpisodeWorld, share: float, seconds: float) -> None:
    """Have it be deployed within so long before, in a share of the episodes; else, and the others, by chance."""
    forced = scene.dice.random() < share
    scene.deploy_by_chance(MAIN if forced else "")
    if forced:
        scene.deploy(scene.fault_at - scene.draw(30.0, seconds))


def _region(scene: EpisodeWorld) -> None:
    for name in ("jobs", "mail", "search")[: scene.dice.randrange(4)]:
        scene.add_service(name)
    others = [name for name in scene.services if name != MAIN]
    struck = [name for name in others if scene.dice.random() < 0.8] or [scene.dice.choice(others)]
    for name in (MAIN, *struck):
        at = scene.fault_at + scene.draw(0.0, 20.0)
        scene.trouble(scene.dice.choice(DOWN), at, lasts=_lasts(scene), services=(name,))
    scene.truth.onset_at, scene.truth.right = scene.fault_at, Right.PAGE
    if scene.dice.random() < 0.5:
        begins = scene.fault_at + scene.draw(300.0, 1200.0)  # status pages are late
        scene.outside.vendors_down["render"] = [(begins, begins + 7200.0)]


def region_outage(scene: EpisodeWorld) -> None:
    """The platform takes many services down at once."""
    _region(scene)
    scene.deploy_by_chance()


def region_after_deploy(scene: EpisodeWorld) -> None:
    """The same, minutes after a good deploy."""
    _region(scene)
    _coincidence(scene, 1.0, 400.0)


def blind(scene: EpisodeWorld) -> None:
    """Our own network fails: everything seems to be down."""
    lasts = scene.draw(60.0, 900.0)
    _coincidence(scene, 0.5, 400.0)
    down = Symptom(1.0, FailureKind.CONNECT, "network unreachable")
    scene.trouble(down, scene.fault_at, lasts=lasts, services=tuple(scene.services))
    scene.outside.control_down.append((scene.fault_at, scene.fault_at + lasts))
    scene.truth.right, scene.truth.share = Right.SELF, 0.0


def upstream(scene: EpisodeWorld) -> None:
    """An API that it depends on is down, and its status page says so sooner or later."""
    scene.deploy_by_chance()
    scene.depends_on["web"] = ("upstream",)
    at, lasts = scene.fault_at, _lasts(scene)
    scene.trouble(Symptom(scene.draw(0.3, 1.0), FailureKind.STATUS, "HTTP 502", errors=0.5), at, lasts=lasts)
    scene.outside.vendors_down["upstream"] = [(at + scene.draw(-60.0, 300.0), at + lasts)]
    scene.truth.right = Right.PAGE


def database(scene: EpisodeWorld) -> None:
    """The database is gone, and with it whatever needs it."""
    scene.deploy_by_chance()
    scene.depends_on |= {"web": ("db",), "shop": ("db",)}
    at, lasts = scene.fault_at, _lasts(scene)
    scene.trouble(Symptom(1.0, FailureKind.STATUS, "HTTP 500", errors=1.0), at, lasts=lasts, services=("web", "shop"))
    scene.outside.vendors_down["db"] = [(at + scene.draw(0.0, 60.0), at + lasts)]
    scene.truth.right = Right.PAGE


def surge_with_errors(scene: EpisodeWorld) -> None:
    """A crowd comes, and it breaks under it."""
    scene.deploy_by_chance()
    surge = Symptom(
        scene.draw(0.1, 0.6),
        FailureKind.STATUS,
        "HTTP 503",
        slow=3.0,
        errors=0.2,
        traffic=scene.draw(3.0, 10.0),
    )
    scene.trouble(surge, scene.fault_at, lasts=_lasts(scene), grows=scene.draw(30.0, 300.0))
    scene.truth.right = Right.PAGE


def certificate(scene: EpisodeWorld) -> None:
    """It ran out."""
    scene.trouble(Symptom(1.0, FailureKind.TLS, "certificate has expired"), scene.fault_at)
    _coincidence(scene, 0.3, 1500.0)
    scene.truth.right = Right.PAGE


def no_marker(scene: EpisodeWorld) -> None:
    """Something was changed that no deploy tells of."""
    scene.deploy_by_chance()
    scene.trouble(scene.dice.choice(DOWN), scene.fault_at)
    scene.truth.right = Right.PAGE
