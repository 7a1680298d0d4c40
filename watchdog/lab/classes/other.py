"""Faults that no deploy caused: the service's own, a dependency's or the platform's. A page is right."""

from dataclasses import replace

from watchdog.domain.readings import FailureKind
from watchdog.lab.episode import DOWN, MAIN, EpisodeWorld, Right
from watchdog.lab.faults import Symptom

RANK = (270.0, 516.0, 1080.0, 3000.0, 11700.0)
"""Quantiles 10, 25, 50, 75, 90 % of how long real outages last, in seconds (66.8 site-years of public monitors).

Shorter outages have a class of their own; longer ones cost no more, since a human is at work by then.
"""


def _lasts(scene: EpisodeWorld) -> float:
    """Return the seconds that an outage without a deploy lasts."""
    # Inverse transform: RANK is the quantile function at five points, interpolated in a straight line.
    place = scene.draw(0.0, 3.999)
    low, high = RANK[int(place)], RANK[int(place) + 1]
    return low + (high - low) * (place % 1.0)


def other_incident(scene: EpisodeWorld) -> None:
    """An outage without a deploy as its cause; by chance it may come shortly after a good one."""
    _outage(scene, _lasts(scene))


def short_outage(scene: EpisodeWorld) -> None:
    """The same, but recovered before a human could have looked: a page and no action are equally right."""
    _outage(scene, scene.draw(60.0, RANK[0]))
    scene.truth.also = frozenset({Right.NOTHING})


def _outage(scene: EpisodeWorld, lasts: float) -> None:
    scene.deploy_by_chance()
    share = scene.dice.choice((1.0, 1.0, scene.draw(0.2, 0.9)))
    scene.trouble(replace(scene.dice.choice(DOWN), share=share), scene.fault_at, lasts=lasts)
    scene.truth.right = Right.PAGE


def blip_tail(scene: EpisodeWorld) -> None:
    """A good deploy with a slow start (its cache warms up): it fails for longer than any blip, then recovers."""
    release = scene.deploy(scene.fault_at)
    down = replace(scene.dice.choice(DOWN), share=scene.dice.choice((1.0, scene.draw(0.5, 1.0))))
    scene.trouble(down, release.serves_at + scene.draw(0.0, 60.0), lasts=scene.draw(55.0, 110.0))
    scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.NOTHING})


def _coincidence(scene: EpisodeWorld, share: float, seconds: float) -> None:
    """Force a deploy of the main service within so many seconds before the fault, in a share of the episodes.

    In the others, and for all other services, the last deploy is drawn by chance.
    """
    forced = scene.dice.random() < share
    scene.deploy_by_chance(MAIN if forced else "")
    if forced:
        scene.deploy(scene.fault_at - scene.draw(30.0, seconds))


def _region(scene: EpisodeWorld) -> None:
    # Three to six services: the core judges by the number of services that fail together.
    for name in ("jobs", "mail", "search")[: scene.dice.randrange(4)]:
        scene.add_service(name)
    others = [name for name in scene.services if name != MAIN]
    struck = [name for name in others if scene.dice.random() < 0.8] or [scene.dice.choice(others)]
    for name in (MAIN, *struck):
        at = scene.fault_at + scene.draw(0.0, 20.0)
        scene.trouble(scene.dice.choice(DOWN), at, lasts=_lasts(scene), services=(name,))
    # `trouble` took the delay of the first service for the onset; the incident begins with the region's fault.
    scene.truth.onset_at, scene.truth.right = scene.fault_at, Right.PAGE
    if scene.dice.random() < 0.5:
        # Public status pages follow an outage with a delay of minutes, if at all.
        begins = scene.fault_at + scene.draw(300.0, 1200.0)
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
    """The watchdog's own network fails: all services and control targets seem to be down."""
    lasts = scene.draw(60.0, 900.0)
    _coincidence(scene, 0.5, 400.0)
    down = Symptom(1.0, FailureKind.CONNECT, "network unreachable")
    scene.trouble(down, scene.fault_at, lasts=lasts, services=tuple(scene.services))
    scene.outside.control_down.append((scene.fault_at, scene.fault_at + lasts))
    # Visitors notice nothing of it, so the outage itself costs nothing.
    scene.truth.right, scene.truth.share = Right.SELF, 0.0


def upstream(scene: EpisodeWorld) -> None:
    """An API dependency is down; its status page reports it between a minute before and 5 min after the onset."""
    scene.deploy_before_upstream()
    scene.depends_on["web"] = ("upstream",)
    at, lasts = scene.fault_at, _lasts(scene)
    scene.trouble(Symptom(scene.draw(0.3, 1.0), FailureKind.GATEWAY, "HTTP 502", errors=0.5), at, lasts=lasts)
    scene.outside.vendors_down["upstream"] = [(at + scene.draw(-60.0, 300.0), at + lasts)]
    scene.truth.right = Right.PAGE


def database(scene: EpisodeWorld) -> None:
    """The database is down, and with it the two services that depend on it."""
    scene.deploy_before_upstream()
    scene.depends_on |= {"web": ("db",), "shop": ("db",)}
    at, lasts = scene.fault_at, _lasts(scene)
    scene.trouble(Symptom(1.0, FailureKind.STATUS, "HTTP 500", errors=1.0), at, lasts=lasts, services=("web", "shop"))
    scene.outside.vendors_down["db"] = [(at + scene.draw(0.0, 60.0), at + lasts)]
    scene.truth.right = Right.PAGE


def surge_with_errors(scene: EpisodeWorld) -> None:
    """Traffic surges, and a share of the requests fails under the load."""
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
    """The TLS certificate has expired."""
    scene.trouble(Symptom(1.0, FailureKind.TLS, "certificate has expired"), scene.fault_at)
    _coincidence(scene, 0.3, 1500.0)
    scene.truth.right = Right.PAGE


def no_marker(scene: EpisodeWorld) -> None:
    """A change outside of deploys (a setting, a migration by hand) breaks the service for good."""
    scene.deploy_by_chance()
    scene.trouble(scene.dice.choice(DOWN), scene.fault_at)
    scene.truth.right = Right.PAGE
