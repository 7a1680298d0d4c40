"""A generic feature-flag service over real HTTP: each flag can be read, and switched on or off.

It stands for all of them: LaunchDarkly, Unleash, Flagsmith and PostHog differ in addresses and bodies.

Rule: slow, drop and error_after apply the change first: only the answer is lost, not the change.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys, sockets
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.vendors.failure_modes import REFUSALS


class FeatureFlags:
    """The routes of the flag service, over the flags of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/{flag}", self.read, methods=["GET"]),
            Route("/{flag}", self.switch, methods=["PATCH"]),
        ]

    async def read(self, request: Request) -> Response:
        """GET /{flag}: whether it is on."""
        return self._refused(request) or self._shown(request)

    async def switch(self, request: Request) -> Response:
        """PATCH /{flag} with `{"enabled": …}`: set it; the same value again is no mistake."""
        mode = self._cloud.modes.use("flag")
        if mode == "reset_before":
            return await sockets.dropped(request)
        if mode == "refuse_429":
            return JSONResponse({"message": "rate limit exceeded"}, status_code=429, headers={"Retry-After": "3"})
        if mode in REFUSALS:
            return JSONResponse({"message": "the sandbox was told to refuse this"}, status_code=REFUSALS[mode])
        if (refusal := self._refused(request)) is not None:
            return refusal
        enabled = (await sockets.json_of(request)).get("enabled")
        if not isinstance(enabled, bool):
            return JSONResponse({"message": "enabled: not a boolean"}, status_code=400)
        self._cloud.set_flag(request.path_params["flag"], enabled)
        if mode == "slow":
            await clock.sleep(self._cloud.modes.slow_seconds)
        if mode == "drop":
            return await sockets.dropped(request)
        if mode == "error_after":
            return JSONResponse({"message": "internal server error"}, status_code=500)
        return self._shown(request)

    def _shown(self, request: Request) -> Response:
        flag = request.path_params["flag"]
        return JSONResponse({"key": flag, "state": {"enabled": self._cloud.flags[flag]}})

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != keys.FLAG_TOKEN:
            return JSONResponse({"message": "invalid token"}, status_code=401)
        known = request.path_params["flag"] in self._cloud.flags
        return None if known else JSONResponse({"message": "no such flag"}, status_code=404)
