"""Notification receivers: PagerDuty Events v2, Slack (webhook, Web API), a generic webhook, heartbeats, remote write.

Each records every message it accepts; tests and the demo read them from `Pagers` afterwards.
Documented: pagerduty-events-v2-openapi.json; for Slack, healthchecks.io and Sentry Crons their own documentation.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from watchdog.sandbox import clock, keys, sockets
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.vendors import slack_blocks
from watchdog.sandbox.vendors.slack_socket_mode import SlackSocket, keep

Json = dict[str, Any]

SEVERITIES = ("critical", "error", "warning", "info")
ACTIONS = ("trigger", "acknowledge", "resolve")
ROUTING_KEY_LENGTH = 32
SUMMARY_LIMIT, DEDUP_LIMIT = 1024, 255
SLACK_CHANNEL_ID = "C0FAKE0001"


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of an incident's log: trigger, acknowledge or resolve; by a user, or (empty) by the integration."""

    action: str
    by: str
    at: float


@dataclass(slots=True)
class Incident:
    """An incident at PagerDuty, from its dedup key's first trigger until it is resolved."""

    dedup_key: str
    severity: str
    summary: str
    opened_at: float
    status: str = "triggered"
    triggers: int = 1
    resolved_at: float | None = None
    changed_at: float = 0.0
    events: list[Json] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    def act(self, action: str, by: str = "") -> None:
        """Record an action by the named user, or by the integration without a name, and update the status."""
        self.changed_at = clock.now()
        self.acts.append(Act(action, by, self.changed_at))
        self.status = {"acknowledge": "acknowledged", "resolve": "resolved"}.get(action, self.status)
        self.resolved_at = self.changed_at if action == "resolve" else self.resolved_at


@dataclass(slots=True)
class SlackMessage:
    """A message in a channel; `edits` keeps its earlier bodies."""

    ts: str
    channel: str
    body: Json
    edits: list[Json] = field(default_factory=list)


class Pagers:
    """All channels with the messages they received."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.incidents: list[Incident] = []
        self.changes: list[Json] = []
        self.slack: list[SlackMessage] = []
        self.slack_webhook: list[Json] = []
        self.slack_socket = SlackSocket(log, self.slack)
        self.webhook: list[Json] = []
        self.heartbeats: list[Json] = []
        self.check_ins: list[Json] = []
        self.remote_writes: list[bytes] = []

    def pagerduty_routes(self) -> list[Route]:
        """Return the routes of events.pagerduty.com."""
        return [
            Route("/v2/enqueue", self.enqueue, methods=["POST"]),
            Route("/v2/change/enqueue", self.enqueue_change, methods=["POST"]),
        ]

    def slack_routes(self) -> list[BaseRoute]:
        """Return the routes of slack.com/api, and of its socket."""
        table: dict[str, Callable[[Json], Response]] = {
            "auth.test": self.auth_test,
            "chat.postMessage": self.post_message,
            "chat.update": self.update_message,
        }
        calls = [Route(f"/api/{method}", self._slack(answer), methods=["POST"]) for method, answer in table.items()]
        return [*calls, *self.slack_socket.routes()]

    # --- PagerDuty ---------------------------------------------------------------------------------------------------

    async def enqueue(self, request: Request) -> Response:
        """Accept an event with 202, or refuse it with 400 and the list of problems."""
        event = await sockets.json_of(request)
        if problems := event_problems(event):
            return _invalid(problems)
        key = event.get("dedup_key") or f"sandbox-{len(self.incidents) + 1:08d}"
        action = event["event_action"]
        # A resolved incident is final: the same dedup key then opens a new one.
        opened = next((i for i in self.incidents if i.dedup_key == key and i.status != "resolved"), None)
        # The routing key is a secret, also in a simulation: no record holds it.
        kept = {name: value for name, value in event.items() if name != "routing_key"}
        if action == "trigger":
            self._trigger(key, event["payload"], kept, opened)
        elif opened is not None:
            opened.act(action)
            opened.events.append(kept)
        # PagerDuty accepts an acknowledge or resolve without an open incident with 202, and drops it.
        known = opened is not None or action == "trigger"
        said = event.get("payload") or {}
        self.log.append(
            f"pagerduty_{action}",
            dedup_key=key,
            severity=said.get("severity"),
            summary=said.get("summary"),
            **({} if known else {"dropped": "no open incident has this dedup_key"}),
        )
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": key}, status_code=202)

    def _trigger(self, key: str, said: Json, kept: Json, opened: Incident | None) -> None:
        """Open an incident, or add to the open one; after a resolve the same key opens a new one."""
        if opened is None:
            made = Incident(key, said["severity"], said["summary"], clock.now(), events=[kept])
            made.act("trigger")
            keep(self.incidents, made)
            return
        opened.triggers += 1
        opened.events.append(kept)

    def by_human(self, action: str, who: str, dedup_key: str | None = None) -> Incident:
        """Let a user acknowledge or resolve the newest open incident (of that key). Raises ValueError."""
        found = [one for one in self.incidents if one.status != "resolved" and dedup_key in (None, one.dedup_key)]
        if not found or action not in ACTIONS[1:]:
            raise ValueError(f"nobody can {action}: {len(found)} incidents are open")
        found[-1].act(action, who)
        self.log.append(f"pagerduty_{action}_by_human", dedup_key=found[-1].dedup_key, by=who)
        return found[-1]

    async def enqueue_change(self, request: Request) -> Response:
        """Accept a change event, which notifies no user."""
        event = await sockets.json_of(request)
        summary = event.get("payload", {}).get("summary") if isinstance(event.get("payload"), dict) else None
        problems = [] if _is_key(event.get("routing_key")) else ["'routing_key' is invalid"]
        problems += [] if isinstance(summary, str) and summary else ["'payload.summary' is missing or blank"]
        if problems:
            return _invalid(problems)
        keep(self.changes, {name: value for name, value in event.items() if name != "routing_key"})
        self.log.append("pagerduty_change", summary=summary)
        return JSONResponse({"status": "success", "message": "Change event processed"}, status_code=202)

    # --- Slack -------------------------------------------------------------------------------------------------------

    def _slack(self, answer: Callable[[Json], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            # Slack answers 200 even to a wrong token; only the body shows the refusal.
            if request.headers.get("authorization") != f"Bearer {keys.SLACK_BOT_TOKEN}":
                return _no("invalid_auth" if "authorization" in request.headers else "not_authed")
            return answer(await sockets.json_of(request))

        return serve

    def auth_test(self, body: Json) -> Response:
        """auth.test: the identity of the token."""
        who = {"url": "https://acme.slack.com/", "team": "Acme", "user": "watchdog"}
        return JSONResponse({"ok": True, **who, "team_id": "T0FAKE", "user_id": "U0FAKE", "bot_id": "B0FAKE"})

    def post_message(self, body: Json) -> Response:
        """chat.postMessage: returns the channel and the ts by which the message can be edited."""
        if not body.get("channel"):
            return _no("channel_not_found")
        if not (body.get("text") or body.get("blocks") or body.get("attachments")):
            return _no("no_text")
        if refused := slack_blocks.problem(body):
            return _no(refused)
        thread = body.get("thread_ts")
        if thread is not None and self._find(SLACK_CHANNEL_ID, thread) is None:
            return _no("thread_not_found")
        # The ts identifies a message within its channel, so it must be unique even within one second.
        ts = f"{int(clock.now())}.{len(self.slack) + 1:06d}"
        keep(self.slack, SlackMessage(ts, SLACK_CHANNEL_ID, body))
        self.log.append("slack_posted", ts=ts, thread=thread, text=body.get("text"))
        message = {"type": "message", "user": "U0FAKE", "ts": ts, "text": body.get("text", "")}
        return JSONResponse({"ok": True, "channel": SLACK_CHANNEL_ID, "ts": ts, "message": message})

    def update_message(self, body: Json) -> Response:
        """chat.update: replaces the body of a message; needs the channel's id, not its name."""
        message = self._find(str(body.get("channel")), str(body.get("ts")))
        if message is None:
            return _no("message_not_found" if body.get("channel") == SLACK_CHANNEL_ID else "channel_not_found")
        if refused := slack_blocks.problem(body):
            return _no(refused)
        message.edits.append(message.body)
        message.body = body
        self.log.append("slack_updated", ts=message.ts, text=body.get("text"))
        return JSONResponse({"ok": True, "channel": message.channel, "ts": message.ts, "text": body.get("text", "")})

    def _find(self, channel: str, ts: str) -> SlackMessage | None:
        return next((one for one in self.slack if one.channel == channel and one.ts == ts), None)

    async def incoming_webhook(self, request: Request) -> Response:
        """Slack's incoming webhook: answers `ok`, nothing else."""
        if request.path_params["path"] != keys.SLACK_WEBHOOK_PATH:
            return PlainTextResponse("no_service", status_code=404)
        body = await sockets.json_of(request)
        # Slack's webhook answers in plain text and returns no ts: such a message can never be edited.
        if not body:
            return PlainTextResponse("invalid_payload", status_code=400)
        if not (body.get("text") or body.get("blocks") or body.get("attachments")):
            return PlainTextResponse("no_text", status_code=400)
        if refused := slack_blocks.problem(body):
            return PlainTextResponse(refused, status_code=400)
        keep(self.slack_webhook, body)
        self.log.append("slack_webhook", text=body.get("text"))
        return PlainTextResponse("ok")

    # --- the others --------------------------------------------------------------------------------------------------

    async def generic_webhook(self, request: Request) -> Response:
        """Accept any JSON with 204."""
        body = await sockets.json_of(request)
        keep(self.webhook, body)
        self.log.append("webhook", body=body)
        return Response(status_code=204)

    async def heartbeat(self, request: Request) -> Response:
        """A healthchecks-style ping: `/heartbeat/{id}`, `/heartbeat/{id}/fail`."""
        signal = request.path_params.get("signal", "success")
        if signal not in ("success", "start", "fail", "log"):
            return PlainTextResponse("not found", status_code=404)
        # Like healthchecks.io: a longer body is cut, and the header names the limit.
        text = (await sockets.read_body(request))[:1000].decode(errors="replace")
        keep(self.heartbeats, {"at": clock.now(), "id": request.path_params["id"], "signal": signal, "body": text})
        self.log.append("heartbeat", id=request.path_params["id"], signal=signal)
        return PlainTextResponse("OK", headers={"Ping-Body-Limit": "1000"})

    async def check_in(self, request: Request) -> Response:
        """A check-in of a Sentry cron monitor: `/api/{project}/cron/{slug}/{key}/?status=ok`, answered 202."""
        status, place = request.query_params.get("status"), request.path_params
        # The public key in the path is the only credential of a check-in.
        if place["key"] != keys.SENTRY_PUBLIC_KEY:
            return JSONResponse({"detail": "bad sentry DSN public key"}, status_code=403)
        if status not in ("ok", "error", "in_progress"):
            return JSONResponse({"detail": "invalid check-in status"}, status_code=400)
        keep(self.check_ins, {"at": clock.now(), "slug": place["slug"], "status": status})
        self.log.append("check_in", slug=place["slug"], status=status)
        return Response(status_code=202)

    async def remote_write(self, request: Request) -> Response:
        """A Prometheus remote-write v1 receiver that keeps the raw (snappy) bodies."""
        # Version 1 of the protocol: a snappy-compressed protobuf, answered 204 without a body.
        wanted = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}
        if any(request.headers.get(name) != value for name, value in wanted.items()):
            return PlainTextResponse("unsupported media type", status_code=415)
        keep(self.remote_writes, await sockets.read_body(request))
        self.log.append("remote_write", bytes=len(self.remote_writes[-1]))
        return Response(status_code=204)


def event_problems(event: Json) -> list[str]:
    """Return PagerDuty's reasons for refusing an event, in its own wording."""
    problems = []
    if not _is_key(event.get("routing_key")):
        problems.append("'routing_key' is invalid")
    action, dedup = event.get("event_action"), event.get("dedup_key")
    if action not in ACTIONS:
        problems.append(f"'event_action' must be one of {', '.join(ACTIONS)}")
    if dedup is not None and not (isinstance(dedup, str) and len(dedup) <= DEDUP_LIMIT):
        problems.append(f"'dedup_key' must be a string of at most {DEDUP_LIMIT} characters")
    if action in ("acknowledge", "resolve") and not dedup:
        problems.append("'dedup_key' is missing or blank")
    if action == "trigger":
        problems += _payload_problems(event.get("payload"))
    for link in event.get("links") or []:
        if not isinstance(link, dict) or not link.get("href"):
            problems.append("'links.href' is missing or blank")
    return problems


def _payload_problems(said: object) -> list[str]:
    if not isinstance(said, dict):
        return ["'payload' is missing or blank"]
    problems = [f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not said.get(name)]
    if isinstance(said.get("summary"), str) and len(said["summary"]) > SUMMARY_LIMIT:
        problems.append(f"'payload.summary' must be at most {SUMMARY_LIMIT} characters")
    if said.get("severity") not in SEVERITIES:
        problems.append(f"'payload.severity' must be one of {', '.join(SEVERITIES)}")
    if "custom_details" in said and not isinstance(said["custom_details"], dict):
        problems.append("'payload.custom_details' must be an object")
    return problems


def _is_key(key: object) -> bool:
    return isinstance(key, str) and len(key) == ROUTING_KEY_LENGTH


def _invalid(problems: list[str]) -> Response:
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": problems}
    return JSONResponse(body, status_code=400)


def _no(error: str) -> Response:
    """Return Slack's error form: HTTP 200 and `ok: false`."""
    return JSONResponse({"ok": False, "error": error})
