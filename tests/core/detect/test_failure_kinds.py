"""The kind of an outage's failures: one probe does not speak for the others."""

from dataclasses import replace

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import NOW, a_service
from watchdog.core import detect
from watchdog.core.detect import failure_kinds, probes
from watchdog.core.fold import clock_skew
from watchdog.domain.checks import Check
from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good

HOME = SignalPolicy("home", "http")
KINDS = {"d": FailureKind.DNS, "l": FailureKind.TLS, "t": FailureKind.TIMEOUT, "5": FailureKind.STATUS}


def probed(kinds: str, check: Check | None = None, until: float = NOW) -> Check:
    """Return the check after probes every 2 s that failed with these kinds; a dot is a good probe."""
    check = check or Check("home", "http")
    for ago, one in zip(range(len(kinds) - 1, -1, -1), kinds, strict=True):
        reading = Bad(KINDS[one].value, KINDS[one]) if one != "." else Good()
        check = detect.observe(check, Observed(until - 2.0 * ago, "web", "home", reading), HOME, LIMITS)
    return check


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [
        ("5555555555", "status"),
        ("555555555d", ""),
        ("ddddd55555", "dns"),
        ("5ddd555", "status"),
        ("dddddddddt", "dns"),
        ("tdddttdddt", "dns"),
        ("ldddlttttt", "dns"),
        ("dddd.55555", "status"),
        ("5.5.5.5.5.d.", ""),
        ("d.5.d.5.d.5.", "dns"),
    ],
)
def test_failures_that_no_code_causes_acquit_where_they_are_half_of_all(kinds: str, kind: str) -> None:
    """One of them in an outage of errors acquits nothing, also as the last; nor do errors between many convict."""
    check = probed(kinds)
    run = check.run_started_at if check.run_started_at is not None else 0.0
    assert failure_kinds.kind_since(check, run) == kind


def test_they_are_remembered_as_long_as_the_outcomes_of_probes() -> None:
    """An outage that began in the name lookup and goes on as errors becomes one of errors."""
    kinds = [failure_kinds.kind_since(probed("d" * 30 + "5" * errors), 0.0) for errors in (1, 30, 31, 200)]
    assert kinds == ["dns", "dns", "status", "status"]
    forgotten = probes.RECENT_MAX - 10
    assert len(probed("d" * 30 + "5" * 70).not_curable) == 30
    assert len(probed("d" * 30 + "5" * forgotten).not_curable) == 10
    assert failure_kinds.kind_since(detect.forget(probed("d"), NOW), 0.0) == ""


def test_what_the_record_of_probes_has_forgotten_is_no_share_of_it() -> None:
    """One failed lookup, and good probes since: no failure is left that it could be a part of."""
    forgotten = probed("d" + "." * (probes.RECENT_MAX + 1))
    assert forgotten.not_curable and failure_kinds.not_curable_share(forgotten, 0.0) == 0.0
    assert failure_kinds.kind_since(forgotten, 0.0) == forgotten.last_kind == "dns"


def test_a_run_that_an_older_worker_began_is_of_the_kind_of_its_last_failure() -> None:
    """It stored that one only; one more failed lookup is no minority of a run of them."""
    older = replace(probed("d" * 20), not_curable=())
    assert failure_kinds.kind_since(older, 0.0) == "dns"
    went_on = probed("d", older, NOW + 2.0)
    assert len(went_on.not_curable) == 21 and failure_kinds.kind_since(went_on, 0.0) == "dns"


def test_by_a_slower_clock_they_stay_failures_of_their_run() -> None:
    """A run that was dated by a slightly fast clock goes on, with its kinds."""
    service = a_service(checks={"home": probed("dddddt")})
    check = clock_skew.clamp_future_times(service, NOW - 4.0).checks["home"]
    assert check.run_started_at is not None and failure_kinds.kind_since(check, check.run_started_at) == "dns"
