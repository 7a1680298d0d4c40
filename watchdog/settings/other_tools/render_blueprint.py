"""A Blueprint of Render (`render.yaml`): its services under their own names, probed where the file has their address.

Rule: NAME.onrender.com is probed for none: where that name was taken, it is the site of another owner.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from watchdog.adapters.signals.options import REDIRECTS_MAX
from watchdog.domain.commands.command_line import command_line
from watchdog.settings.other_tools.probe_request import http_signal
from watchdog.settings.other_tools.sites import NO_EQUAL, Found, Keys, Site, entries, word
from watchdog.settings.text.yaml_document import show_key

WITH_PAGES = frozenset(("web", "static"))
WITHOUT_PAGES = frozenset(("pserv", "worker", "cron"))
STORES = ("keyvalue", "redis")
STORE = "a key-value store is not probed: name it below dependencies:, {render: red-…}"
DATABASE = "a database is not probed: name it below dependencies:, {render: dpg-…}"
NO_ADDRESS = (
    "its address: the file has no domains:, and NAME.onrender.com may be another owner's. Take it from Render's "
    f"dashboard, or from {command_line('init', '--from-render')}; until then only Render's own events show its state"
)
NO_PAGE = "it has no public address: only Render's own events show its state"
SYNCED = (
    "auto-deploy: each sync of the Blueprint switches it on again, also after a rollback, which brings the bad commit "
    "back: remove autoDeployTrigger (autoDeploy) from the Blueprint, which keeps what is set"
)
DEPLOYED_BY_ITSELF = ("commit", "checksPass", "true", "yes")
"""Values of `autoDeployTrigger`, and of `autoDeploy` as YAML reads them, by which pushes are deployed."""


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether this is a Blueprint."""
    kinds = {*WITH_PAGES, *WITHOUT_PAGES, *STORES}
    return any("name" in one and word(one.get("type")) in kinds for one, _ in _listed(document, "services"))


def read(documents: list[Mapping[str, Any]], keys: Keys) -> Found:
    """Return the services as sites; databases and key-value stores are left out."""
    found, names = Found(), set[str]()
    for document in documents:
        for entry, group in _listed(document, "services"):
            site = _site(entry, group, keys)
            if site.render in names and not site.left_out:
                site.left_out = "another service has that name: write it yourself, with its id in render:"
            names.add(site.render)
            found.sites.append(site)
        for entry, group in _listed(document, "databases"):
            site = Site(word(entry.get("name")), group)
            site.left_out = DATABASE
            found.sites.append(site)
    return found


def _listed(document: Mapping[str, Any], key: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield what stands below a key: at the top, ungrouped, and in each environment, with the name of its project."""
    ungrouped = document.get("ungrouped")
    for part in (document, ungrouped if isinstance(ungrouped, dict) else {}):
        yield from ((entry, "") for entry in entries(part.get(key)))
    for project in entries(document.get("projects")):
        for environment in entries(project.get("environments")):
            group = "-".join(filter(None, (word(project.get("name")), word(environment.get("name")))))
            yield from ((entry, group) for entry in entries(environment.get(key)))


def _site(entry: Mapping[str, Any], group: str, keys: Keys) -> Site:
    name, kind = word(entry.get("name")).strip(), word(entry.get("type"))
    site = Site(name, group, render=name)
    if kind not in WITH_PAGES | WITHOUT_PAGES:
        site.left_out = STORE if kind in STORES else f"type {show_key(kind)}: {NO_EQUAL['other']}"
    elif not name:
        site.left_out = "it has no name"
    else:
        _watch(site, entry, kind, keys)
        if any(word(entry.get(key)) in DEPLOYED_BY_ITSELF for key in ("autoDeployTrigger", "autoDeploy")):
            site.note(SYNCED)
        maintenance = entry.get("maintenanceMode")
        if isinstance(maintenance, dict) and maintenance.get("enabled") is True:
            site.note("maintenanceMode: it is on there, so a probe finds the service down until it is switched off")
    return site


def _watch(site: Site, entry: Mapping[str, Any], kind: str, keys: Keys) -> None:
    """Write the signal: of the first domain, or of Render's events."""
    given = entry.get("domains")
    domains = [word(one).strip() for one in (given if isinstance(given, list) else [entry.get("domain")])]
    # A domain with a star stands for names that are not known.
    domains = [one for one in domains if one and "*" not in one]
    if kind in WITHOUT_PAGES or not domains:
        site.signals["events"] = {"render_events": "default"}
        site.note(NO_PAGE if kind in WITHOUT_PAGES else NO_ADDRESS)
        return
    path = word(entry.get("healthCheckPath")).strip()
    signal = http_signal(site, f"https://{domains[0]}/{path.lstrip('/')}".removesuffix("/"), keys)
    if path:
        # As Render itself judges the answer of a health check, which it does not follow either.
        site.signals["health"] = {**signal, "status": ["2xx", "3xx"]}
    else:
        site.signals["home"] = {**signal, "redirects": REDIRECTS_MAX}
    if rest := domains[1:]:
        site.note(f"domains: the first is probed, {len(rest)} more are not")
