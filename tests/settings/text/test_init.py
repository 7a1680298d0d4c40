"""The text of `watchdog init` loads as it stands, whatever people called their services."""

import pytest

from tests.settings.texts import loaded
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.policy import Mode
from watchdog.settings.text.init import from_render, minimal_text

NASTY = 'web"\n  evil: {mode: autonomous} #'


@pytest.mark.parametrize("render", ["", "srv-abc", "my site: the 2nd", NASTY.replace("\n", " ")])
def test_two_answers_make_a_configuration_that_observes(render: str) -> None:
    settings = loaded(minimal_text("https://www.acme.example", render))
    (service,) = settings.policy.services.values()
    assert service.mode is Mode.OBSERVE
    assert [(signal.name, signal.critical) for signal in service.signals] == [("home", True)]
    assert settings.services["web"].render == (render or None)


@pytest.mark.parametrize(
    ("site", "render", "says"),
    [
        ("www.acme.example", "", "write it as in a browser"),
        ("https://me:secret@acme.example", "", "not a web address"),
        ("https://acme.example/ x", "", "not a web address"),
        ("https://acme.example", NASTY, "write its id"),
    ],
)
def test_an_answer_that_could_not_load_is_refused(site: str, render: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        minimal_text(site, render)


def test_services_of_render_become_services_of_ours() -> None:
    """Pages are probed, the rest is watched through events; suspended ones and ourselves are left out."""
    facts = (
        ServiceFacts("srv-1", "Acme Web", url="https://acme.example"),
        ServiceFacts("srv-2", "acme-web", kind="static_site", url="https://docs.acme.example"),
        ServiceFacts("srv-3", "worker", kind="background_worker"),
        ServiceFacts("crn-4", "nightly", kind="cron_job"),
        ServiceFacts("srv-5", "old", suspended=True),
        ServiceFacts("srv-6", "watchdog", kind="background_worker"),
        ServiceFacts("srv-7", NASTY, url="https://x.example"),
        ServiceFacts("srv-8", "acme web!", kind="private_service"),
        ServiceFacts("srv-9", "日本"),
        ServiceFacts("srv-10", "off", kind="cron_job"),
        ServiceFacts("srv-11", "123", url="https://y.example"),
    )
    text = from_render(facts, own_id="srv-6")
    settings = loaded(text)
    assert [service.render for service in settings.services.values()] == [
        facts[index].id for index in (0, 1, 2, 3, 6, 7, 8, 9, 10)
    ]
    assert list(settings.services)[:2] == ["Acme-Web", "acme-web"]
    assert {service.mode for service in settings.policy.services.values()} == {Mode.OBSERVE}
    assert settings.policy.services["Acme-Web"].signals[0].kind == "http"
    assert settings.policy.services["nightly"].signals[0].kind == "render_events"
    assert "left out: watchdog (the watchdog itself)" in text and "left out: old (suspended)" in text


def test_names_that_collide_get_a_number_and_nothing_to_guard_says_what_to_do() -> None:
    facts = tuple(ServiceFacts(f"srv-{number}", "x" * 60, url="https://x.example") for number in range(3))
    assert [len(name) <= 40 for name in loaded(from_render(facts)).services] == [True] * 3
    with pytest.raises(ValueError, match="whose API key"):
        from_render((ServiceFacts("srv-1", "old", suspended=True),))


def test_services_of_a_group_stand_together_below_its_name() -> None:
    """As Render's projects and environments have them; hints stand once; another address of Render's API is kept."""
    facts = tuple(ServiceFacts(f"srv-{name}", name, url=f"https://{name}.example") for name in ("web", "blog", "api"))
    groups = {"srv-web": "Acme, Production", "srv-api": "Acme, Production", "srv-blog": NASTY}
    text = from_render(facts, groups=groups, render_url="https://render.example/v1")
    settings = loaded(text)
    assert list(settings.services) == ["web", "api", "blog"]
    assert [line.strip() for line in text.splitlines() if "  # Acme" in line] == ["# Acme, Production"]
    assert text.count("# errors:") == 1 and settings.endpoints["render"] == "https://render.example/v1"
    assert {service.mode for service in settings.policy.services.values()} == {Mode.OBSERVE}
