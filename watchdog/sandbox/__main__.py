"""`watchdog-sandbox`: a simulated cloud to point a watchdog at. Prints one JSON line with its addresses.

Runs until SIGTERM, SIGINT or POST {admin}/shutdown.
"""

import argparse
import asyncio
import gc
import json
import signal
import sys
from pathlib import Path

from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.request_log import show
from watchdog.sandbox.scenarios.scenario_table import SCENARIOS
from watchdog.sandbox.server import Sandbox

SLOWEST_ROLLBACK_SECONDS = 3600.0


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    stories = "\n".join(f"  {story.name:16} {story.title}" for story in SCENARIOS.values())
    make = argparse.ArgumentParser(
        prog="watchdog-sandbox",
        description="A simulated cloud on 127.0.0.1: a site, Render, Sentry, pagers, status pages.",
        epilog=f"scenarios:\n{stories}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    make.add_argument("--scenario", choices=list(SCENARIOS), help="a story that begins at once")
    make.add_argument("--quirks", action="store_true", help="answer as real bodies do, not as the documents say")
    make.add_argument("--rollback-seconds", type=_seconds, default=60.0, help="how long a rollback takes (60)")
    make.add_argument("--more-services", type=int, default=0, help="so many sites beside web and api (0)")
    make.add_argument("--staging", action="store_true", help="a staging copy of web, for drills")
    make.add_argument("--seed", type=int, default=1, help="luck: background errors, jitter, which requests fail (1)")
    make.add_argument("--log-file", type=Path, help="append every request and event, one JSON object a line")
    make.add_argument("--write-config", type=Path, metavar="DIR", help="write DIR/watchdog.yaml and DIR/.env")
    make.add_argument("--mode", choices=("observe", "assist", "autonomous"), help="in it; else the scenario's")
    make.add_argument("--listen", default="127.0.0.1:0", help="in it: where metrics and console are served")
    make.add_argument("--console-token", default="", help="in it: serve the console, and log in there by this token")
    make.add_argument("--follow", action="store_true", help="print what happens, and what Slack and PagerDuty receive")
    make.add_argument("--port-file", type=Path, help="also write the addresses here, once all ports are open")
    return make


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= SLOWEST_ROLLBACK_SECONDS:
        raise argparse.ArgumentTypeError(f"between 0 and {SLOWEST_ROLLBACK_SECONDS:.0f} seconds")
    return value


async def run(options: argparse.Namespace) -> None:
    """Open the sandbox, print its addresses as one JSON line, and wait for a signal or POST /shutdown."""
    async with Sandbox(
        options.scenario,
        quirks=options.quirks,
        rollback_seconds=options.rollback_seconds,
        seed=options.seed,
        more_services=options.more_services,
        staging=options.staging,
        log_file=options.log_file,
    ) as sandbox:
        if options.follow:
            sandbox.events.follow = show
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, sandbox.ended.set)
        if options.write_config:
            _write_config(options, sandbox)
        # Only now: a reader of this line may connect at once, so every port must be open.
        line = json.dumps(sandbox.urls)
        if options.port_file:
            _write_whole(options.port_file, line)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        if sandbox.scenario is not None:
            sandbox.start_scenario()
        await sandbox.ended.wait()


def _write_config(options: argparse.Namespace, sandbox: Sandbox) -> None:
    story = SCENARIOS.get(options.scenario)
    wanted = dict(story.configuration) if story is not None else {}
    wanted |= {"mode": options.mode} if options.mode else {}
    ways = {"listen": options.listen, "console_token": options.console_token}
    write_config(options.write_config, sandbox.urls, **wanted, **ways)


def _write_whole(path: Path, text: str) -> None:
    """Write a file atomically: a process that waits for it never reads a part of it."""
    half = path.with_name(path.name + ".half")
    half.write_text(text + "\n", encoding="utf-8")
    half.replace(path)


def main() -> None:
    """Run the command line."""
    asyncio.run(run(parser().parse_args()))
    # Skips the last collection: the system frees the memory when the process exits.
    gc.freeze()


if __name__ == "__main__":
    main()
