"""A drill's flag over real HTTP: switched on once, only while it is off and the service is staging; and off again."""

import pytest

from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.remedies.flag_off import TOKEN, FlagOffOptions
from watchdog.adapters.remedies.flag_on import FlagOnOptions, FlagSwitch
from watchdog.domain.errors import OutcomeUnknown, Refused, Temporary

PATH = "/flags/new-cart"


class Staging:
    """The look at the service right before the request."""

    def __init__(self) -> None:
        self.why = ""
        self.asked = 0

    async def check(self) -> None:
        self.asked += 1
        if self.why:
            raise Refused(self.why)


@pytest.fixture
def staging() -> Staging:
    return Staging()


@pytest.fixture
def switch(vendor: Vendor, staging: Staging, closing) -> FlagSwitch:
    vendor.say("GET", PATH, {"on": False})
    vendor.say("PATCH", PATH, 200)
    url, headers = f"{vendor.url}{PATH}", {"authorization": "{token}"}

    def request(enabled: bool) -> dict:
        return {"method": "PATCH", "url": url, "headers": headers, "body": {"on": enabled}}

    on = FlagOnOptions.model_validate({"flag": "new-cart", "request": request(True)})
    off = FlagOffOptions.model_validate(
        {"flag": "new-cart", "request": request(False), "look": {"url": url, "json": "$.on"}}
    )
    assert on.secret == TOKEN
    context = Context(clock=FakeClock(1_790_000_000.0), endpoints={}, secrets={TOKEN: "key"})
    return closing(FlagSwitch(on, off, context, staging.check))


def sent(vendor: Vendor) -> list[tuple[object, str]]:
    """Return the body and the key of each change, oldest first."""
    return [(one.body, one.headers["authorization"]) for one in vendor.seen if one.method != "GET"]


async def test_it_is_switched_on_by_the_one_request_and_off_by_that_of_the_remedy(
    vendor: Vendor, staging: Staging, switch: FlagSwitch
) -> None:
    assert await switch.is_off()
    await switch.switch_on()
    assert staging.asked == 1 and sent(vendor) == [({"on": True}, "key")]
    vendor.say("GET", PATH, {"on": True})
    assert not await switch.is_off()
    await switch.switch_off()
    assert sent(vendor) == [({"on": True}, "key"), ({"on": False}, "key")]


async def test_what_is_no_staging_service_by_then_is_refused(
    vendor: Vendor, staging: Staging, switch: FlagSwitch
) -> None:
    """The second check of two: the configuration was the first."""
    staging.why = "Render says 'production' in its name"
    with pytest.raises(Refused, match="production"):
        await switch.switch_on()
    assert vendor.seen == []


async def test_a_flag_that_is_not_read_as_off_is_left_alone(vendor: Vendor, switch: FlagSwitch) -> None:
    vendor.say("GET", PATH, {"on": True})
    with pytest.raises(Refused, match="the flag is not off"):
        await switch.switch_on()
    vendor.say("GET", PATH, 503)
    with pytest.raises(Temporary):
        await switch.switch_on()
    assert sent(vendor) == []


async def test_a_lost_answer_is_an_unknown_outcome_and_nothing_is_sent_again(
    vendor: Vendor, switch: FlagSwitch
) -> None:
    vendor.say("PATCH", PATH, 502)
    with pytest.raises(OutcomeUnknown):
        await switch.switch_on()
    assert len(sent(vendor)) == 1
