"""The sandbox's own API, on a port no vendor has: read the log, trigger deploys and faults, shut the sandbox down.

POST bodies: /deploys {service?, commit?, message?, behaviour?, trigger?, build_seconds?, update_seconds?, fails?,
                       merge?}
             /faults {target, kind, and any number of a behaviour: see behaviours.py} (`good` ends it)
             /slack {do: click | command | redeliver | goodbye | drop, …: see slack_socket_mode.py}
             /modes {name, mode, times?} · /events {service?, type, details} · /pagerduty {action, by, dedup_key?}
             /serving {service?, deploy} (`null`: the live one's instances answer again)
             /flags {flag, enabled}: a feature flag, as its service switches it
             /maintenance {service?, enabled} · /suspend {service?, by?} · /resume {service?, by?} · /delete {service?}
             /announce {vendor?, name, components, begins_in?, lasts}: maintenance on a status page, in seconds
             /commits {commit, behaviour}: what this commit does when it is deployed
             /render_key {key?, permissions}: the permissions of a key from now on (default: the unrestricted one)
             /scenario {name} · /shutdown
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import keys, sockets
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.scenarios.scenario_table import SCENARIOS, begin
from watchdog.sandbox.site.behaviours import behaviour
from watchdog.sandbox.vendors.notification_apis import Pagers
from watchdog.sandbox.vendors.status_pages import component_ids
from watchdog.sandbox.world import Deploy

Json = dict[str, Any]


class Admin:
    """The routes of the admin port."""

    def __init__(
        self,
        cloud: Cloud,
        pagers: Pagers,
        render_keys: dict[str, frozenset[str]],
        urls: Callable[[], Mapping[str, Any]],
        shutdown: Callable[[], None],
    ) -> None:
        self.render_keys = render_keys
        self.cloud = cloud
        self.pagers = pagers
        self.urls = urls
        self.shutdown = shutdown

    def app(self) -> Starlette:
        """Return the application."""
        posts: dict[str, Callable[[Json], Any]] = {
            "/deploys": self.deploy,
            "/faults": self.fault,
            "/modes": self.mode,
            "/slack": self.slack,
            "/events": self.event,
            "/flags": self.flag,
            "/pagerduty": self.human,
            "/serving": self.serving,
            "/maintenance": self.maintenance,
            "/suspend": self.suspend,
            "/resume": self.resume,
            "/delete": self.delete,
            "/announce": self.announce,
            "/render_key": self.render_key,
            "/commits": self.commit,
            "/scenario": self.scenario,
            "/shutdown": self.stop,
        }
        gets: dict[str, Callable[[Request], Any]] = {
            "/urls": self.tell_urls,
            "/log": self.tell_log,
            "/hits": self.tell_hits,
            "/slack": self.tell_slack,
        }
        return Starlette(
            routes=[
                *(Route(path, _posted(do), methods=["POST"]) for path, do in posts.items()),
                *(Route(path, _got(tell), methods=["GET"]) for path, tell in gets.items()),
            ]
        )

    def tell_urls(self, request: Request) -> Any:
        """GET /urls."""
        return dict(self.urls())

    def tell_log(self, request: Request) -> Any:
        """GET /log, or GET /log?what=request for the entries of one kind."""
        what = request.query_params.get("what")
        return self.cloud.log.entries if what is None else self.cloud.log.of(what)

    def tell_hits(self, request: Request) -> Any:
        """GET /hits: the access log of every site, [at, service, path, status], oldest first."""
        return [(hit.at, hit.service, hit.path, hit.status) for hit in self.cloud.hits]

    def tell_slack(self, request: Request) -> Any:
        """GET /slack: the messages in the channel with their earlier versions, and the replies."""
        socket = self.pagers.slack_socket
        messages = [{"ts": one.ts, "body": one.body, "edits": one.edits} for one in self.pagers.slack]
        return {"messages": messages, "replies": socket.replies, "connections": len(socket.connections)}

    def slack(self, body: Json) -> Any:
        """POST /slack: an action of a person in Slack, or of Slack itself."""
        socket = self.pagers.slack_socket
        deeds: dict[str, Callable[..., Json]] = {
            "click": socket.click,
            "command": socket.command,
            "redeliver": socket.redeliver,
            "goodbye": socket.goodbye,
            "drop": socket.drop,
        }
        return deeds[body.pop("do")](**body)

    def deploy(self, body: Json) -> Any:
        """POST /deploys: a deploy, or with `merge` a colleague's merge, which ships only while auto-deploy is on."""
        # A bare kind is short for {"kind": …} with the table's numbers.
        how = body.pop("behaviour", None)
        if how is not None:
            body["behaviour"] = behaviour(**({"kind": how} if isinstance(how, str) else how))
        made = self.cloud.merge(**body) if body.pop("merge", False) else self.cloud.deploy(**body)
        return _deploy_json(made)

    def fault(self, body: Json) -> Any:
        """POST /faults: a fault that is independent of the live version."""
        self.cloud.set_fault(body.pop("target"), behaviour(**body))
        return {"faults": {name: fault.kind for name, fault in self.cloud.faults.items()}}

    def mode(self, body: Json) -> Any:
        """POST /modes: set the failure mode of a vendor or of one kind of call."""
        self.cloud.modes.set(body["name"], body["mode"], body.get("times"))
        return {body["name"]: body["mode"]}

    def event(self, body: Json) -> Any:
        """POST /events: add an event to a service's list at Render."""
        service = self.cloud.service(body.get("service", "web"))
        return {"id": self.cloud.record_event(service, body["type"], body.get("details", {})).id}

    def flag(self, body: Json) -> Any:
        """POST /flags: a person switches a feature flag on or off."""
        self.cloud.set_flag(body["flag"], bool(body["enabled"]))
        return dict(self.cloud.flags)

    def human(self, body: Json) -> Any:
        """POST /pagerduty: a user acknowledges or resolves the newest open incident."""
        return {"dedup_key": self.pagers.by_human(body["action"], body["by"], body.get("dedup_key")).dedup_key}

    def serving(self, body: Json) -> Any:
        """POST /serving: let the instances of one deploy answer, independent of the live one."""
        service = self.cloud.service(body.get("service", "web"))
        service.stuck_on = body["deploy"]
        return {"serving": service.serving.id if service.serving is not None else None}

    def maintenance(self, body: Json) -> Any:
        """POST /maintenance: switch a service's maintenance mode on or off."""
        service = self.cloud.service(body.get("service", "web"))
        self.cloud.set_maintenance(service, bool(body["enabled"]))
        return {"maintenance": service.maintenance}

    def suspend(self, body: Json) -> Any:
        """POST /suspend: suspend a service, as its user or as the named suspender."""
        service = self.cloud.service(body.get("service", "web"))
        self.cloud.suspend(service, body.get("by", "user"))
        return {"suspenders": service.suspenders}

    def resume(self, body: Json) -> Any:
        """POST /resume: end the suspension by its user, or by the named suspender."""
        service = self.cloud.service(body.get("service", "web"))
        self.cloud.resume(service, body.get("by", "user"))
        return {"suspenders": service.suspenders}

    def delete(self, body: Json) -> Any:
        """POST /delete: delete a service at Render, for good."""
        self.cloud.delete(self.cloud.service(body.get("service", "web")))
        return {"deleted": body.get("service", "web")}

    def announce(self, body: Json) -> Any:
        """POST /announce: a maintenance of components named like `Oregon/Web Services`, or `Render REST API`."""
        vendor = body.get("vendor", "render")
        ids = component_ids(vendor, body["components"], self.cloud.quirks)
        self.cloud.announce(vendor, body["name"], ids, float(body.get("begins_in", 0)), float(body["lasts"]))
        return {"announced": [one.name for one in self.cloud.announced[vendor]]}

    def render_key(self, body: Json) -> Any:
        """POST /render_key: replace the permissions of a Render API key."""
        given = frozenset(body["permissions"])
        if given - keys.RENDER_PERMISSIONS:
            raise ValueError(f"known permissions: {', '.join(sorted(keys.RENDER_PERMISSIONS))}")
        self.render_keys[body.get("key", keys.RENDER_API_KEY)] = given
        return {"permissions": sorted(given)}

    def commit(self, body: Json) -> Any:
        """POST /commits: the behaviour of a commit from its next deploy on."""
        how = body["behaviour"]
        self.cloud.code[body["commit"]] = behaviour(**({"kind": how} if isinstance(how, str) else how))
        return {"commit": body["commit"]}

    def scenario(self, body: Json) -> Any:
        """POST /scenario: start a scenario now."""
        if body["name"] not in SCENARIOS:
            raise ValueError(f"no scenario {body['name']!r}; known: {', '.join(SCENARIOS)}")
        begin(SCENARIOS[body["name"]], self.cloud)
        return {"scenario": body["name"]}

    def stop(self, body: Json) -> Any:
        """POST /shutdown."""
        self.shutdown()
        return {"shutdown": True}


def _deploy_json(made: Deploy | None) -> Any:
    return None if made is None else {"id": made.id, "commit": made.commit, "status": made.status}


def _got(tell: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return JSONResponse(tell(request))

    return serve


def _posted(do: Callable[[Json], Any]) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a handler of a JSON body; an invalid body is answered with 400 and the reason."""

    async def serve(request: Request) -> Response:
        try:
            body = json.loads(await sockets.read_body(request) or b"{}")
            return JSONResponse(do(body))
        except KeyError as missing:
            return JSONResponse({"error": f"{missing} is missing"}, status_code=400)
        # The handlers check their arguments themselves: a TypeError is an unknown name, a ValueError a wrong value.
        except (ValueError, TypeError, AttributeError) as problem:
            return JSONResponse({"error": str(problem)}, status_code=400)

    return serve
