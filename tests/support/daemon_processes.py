"""The sandbox and the daemon as processes of their own, started as a user would; what they did is read afterwards.

Rule 1: nothing here sleeps for luck: `until` waits for a condition, with a bound and with what was seen in its error.
Rule 2: the sandbox's count is its log file, which survives any kill; the daemon's words are its standard output.
"""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support import warm_processes
from tests.support.clocks import LOOPBACK, PATIENCE_SECONDS
from tests.support.databases import Record, in_file
from tests.support.warm_processes import Process
from watchdog.app.sandbox_demo.sandbox_process import environment

T = TypeVar("T")
Entry = dict[str, Any]

SHORT = """\
advanced:
  verification: {seconds: 3s}
  detection: {run: 3s, run_in_watch: 3s, run_corroborated: 3s, run_probes_min: 3}
  pace: {idle: 2s, watch: 1s, suspect: 1s, suspect_in_watch: 500ms}
"""
"""What tests that are not about detection time shorten."""


BEGINS = datetime.now(UTC) + timedelta(hours=6)
IN_SIX_HOURS = f"""\
windows: {{nights: "Mon-Sun {BEGINS:%H:%M}-{BEGINS + timedelta(hours=1):%H:%M} UTC"}}
policy: {{high: {{do: schedule, window: nights}}}}
"""
"""A yes to what is high waits, longer than any test."""
HIGH = {"kind": "error", "after_seconds": 0.0, "routes": ["/api/test"]}
"""How a deploy behaves that makes an incident of severity high."""


def until(condition: Callable[[], T], seen: Callable[[], str] = str, within_seconds: float = PATIENCE_SECONDS) -> T:
    """Return the condition's value once it is true; AssertionError with what was seen after so many seconds."""
    give_up = time.monotonic() + within_seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < give_up, f"waited {within_seconds:.0f} s in vain:\n{seen()}"
        time.sleep(0.05)


def together(*stories: Callable[[], None]) -> None:
    """Let stories that mostly wait happen at the same time; the first failure is raised."""
    with ThreadPoolExecutor(len(stories)) as pool:
        for told in [pool.submit(story) for story in stories]:
            told.result()


class Cloud:
    """A running `python -m watchdog.sandbox` that wrote a configuration into `folder`."""

    def __init__(self, urls: Mapping[str, Any], folder: Path, log: Path) -> None:
        self.urls = urls
        self.folder = folder
        self.config = folder / "watchdog.yaml"
        self._log = log

    def guarded_from(self, folder: Path, record: Record) -> "Cloud":
        """Return the same sandbox, guarded from another folder too, with a record of its own."""
        text = self.config.read_text(encoding="utf-8")
        text = re.sub(r"^store: .*$", f'store: "{record.url}"', text, flags=re.MULTILINE)
        folder.mkdir()
        (folder / self.config.name).write_text(text, encoding="utf-8")
        shutil.copy(self.folder / ".env", folder)
        return Cloud(self.urls, folder, self._log)

    def post(self, path: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.urls['admin']}/{path}", json=body, **LOOPBACK)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bad_deploy(self, **more: Any) -> None:
        behaviour = {"kind": "error", "after_seconds": 0.0}
        self.post("deploys", **{"build_seconds": 0.2, "update_seconds": 0.2, "behaviour": behaviour, **more})

    def untouched(self) -> bool:
        return {one["method"] for one in self.log("request") if one["vendor"] == "render"} <= {"GET"}

    def log(self, what: str | None = None) -> list[Entry]:
        lines = self._log.read_text(encoding="utf-8").split("\n")[:-1] if self._log.exists() else []
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if what in (None, entry["what"])]

    def requests(self, vendor: str, method: str) -> list[Entry]:
        return [one for one in self.log("request") if one["vendor"] == vendor and one["method"] == method]

    def hits(self) -> list[tuple[float, str, str, int]]:
        """Return the sites' access log: at, service, path, status; oldest first."""
        answer = httpx.get(f"{self.urls['admin']}/hits", **LOOPBACK)
        return [(at, service, path, status) for at, service, path, status in answer.json()]

    def rings(self) -> list[Entry]:
        """Return each event that rings at PagerDuty."""
        return [one for one in self.log("pagerduty_trigger") if one["severity"] != "info"]

    def pages(self) -> list[str]:
        return [str(entry["summary"]) for entry in self.log("pagerduty_trigger")]

    def write(self, *, replace: Mapping[str, str] | None = None, more: str = SHORT, secrets: str = "") -> None:
        """Change the written configuration: pieces of text replaced, more added, more secrets."""
        text = self.config.read_text(encoding="utf-8")
        for old, new in (replace or {}).items():
            assert old in text, f"{old!r} is not in the configuration"
            text = text.replace(old, new)
        self.config.write_text(text + more, encoding="utf-8")
        with (self.folder / ".env").open("a", encoding="utf-8") as file:
            file.write(secrets)


@contextmanager
def running_cloud(
    folder: Path, *, quirks: bool, rollback_seconds: float = 1.0, more_services: int = 0, staging: bool = False
) -> Iterator[Cloud]:
    """Run the sandbox; it writes DIR/guard/watchdog.yaml and .env, and its log."""
    folder.mkdir(exist_ok=True)
    log, guard = folder / "sandbox.jsonl", folder / "guard"
    command = [sys.executable, "-m", "watchdog.sandbox", "--write-config", str(guard), "--log-file", str(log)]
    command += ["--rollback-seconds", str(rollback_seconds), *(["--quirks"] if quirks else [])]
    command += ["--more-services", str(more_services), *(["--staging"] if staging else [])]
    out, err = folder / "sandbox.out", folder / "sandbox.err"
    process = warm_processes.start(command, env=environment(), cwd=folder, out=out, err=err)
    try:
        until(lambda: process.poll() is not None or "\n" in out.read_text(), err.read_text)
        assert process.poll() is None, err.read_text()
        yield Cloud(json.loads(out.read_text()), guard, log)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()


class Daemon:
    """A `watchdog run` of one configuration, which may be killed and started again."""

    def __init__(
        self, cloud: Cloud, variables: Mapping[str, str] | None = None, name: str = "out", host: str = "127.0.0.1"
    ) -> None:
        self.cloud = cloud
        self.host = host
        self.name = name
        self.variables = dict(variables or {})
        self.record: Record = in_file(cloud.folder.resolve() / "watchdog.db")
        self.starts: list[tuple[Process, Path]] = []
        self.answered: dict[str, str] = {}

    @property
    def process(self) -> Process:
        return self.starts[-1][0]

    def start(self, *command: str, cold: bool = False) -> "Daemon":
        """Start it: `python -m watchdog run -c …`, or a runner of the tests with the same arguments.

        `cold`: a Python that is really new, where it matters what is imported.
        """
        out = self.cloud.folder / f"{self.name}{len(self.starts)}.log"
        command = command or (sys.executable, "-m", "watchdog", "run", "-c", str(self.cloud.config))
        place = {"env": environment(self.variables), "cwd": self.cloud.folder}
        start = warm_processes.start_cold if cold else warm_processes.start
        self.starts.append((start(command, **place, out=out, err=out.with_suffix(".err")), out))
        return self

    def lines(self) -> list[Entry]:
        text = self.starts[-1][1].read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in text if line.startswith("{")]

    def words(self) -> str:
        """Return everything that every process of it wrote, both streams, the newest last."""
        return "\n".join(
            file.read_text(encoding="utf-8") for _, out in self.starts for file in (out, out.with_suffix(".err"))
        )

    def errors(self) -> str:
        return self.starts[-1][1].with_suffix(".err").read_text(encoding="utf-8")

    def said(self, event: str, **fields: Any) -> list[Entry]:
        return [line for line in self.lines() if line["event"] == event and fields.items() <= line.items()]

    def story(self, label: str) -> list[str]:
        return [line["text"] for line in self.said("story", label=label)]

    def until(self, condition: Callable[[], T]) -> T:
        def alive() -> T:
            found = condition()
            assert found or self.process.poll() is None, f"it ended ({self.process.returncode}):\n{self._tail()}"
            assert not self.said("task failed"), self._tail()
            return found

        return until(alive, self._tail)

    def until_story(self, label: str) -> str:
        return self.until(lambda: self.story(label))[-1]

    def until_watching(self) -> "Daemon":
        """Wait until it knows the deploys and has read every service once."""
        self.until(lambda: self.said("watching"))
        if self.port:
            self.until(self.ready)
        self.until(lambda: self.cloud.requests("render", "GET"))
        return self

    @property
    def port(self) -> int | None:
        told = self.said("listening")
        return told[-1]["port"] if told else None

    def get(self, path: str) -> httpx.Response:
        """Ask its HTTP server; the last answer of each path is kept for the search for secrets."""
        answer = httpx.get(f"http://{self.host}:{self.port}{path}", **LOOPBACK)
        self.answered[path] = f"{answer.headers}\n{answer.text}\n"
        return answer

    def ready(self) -> bool:
        """Tell whether it listens already (it names its port before it does), and says that it is ready."""
        try:
            return self.port is not None and self.get("/readyz").status_code == 200
        except httpx.ConnectError:
            return False

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of the series of that name with these labels, from /metrics."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def until_ended(self) -> int:
        try:
            return self.process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end in {PATIENCE_SECONDS:.0f} s:\n{self._tail()}") from None

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        assert self.process.wait(timeout=PATIENCE_SECONDS) == -signal.SIGKILL

    def restart(self) -> None:
        """kill -9, and a start that watches again."""
        self.kill()
        self.start().until_watching()

    def stop(self) -> None:
        """SIGTERM: it ends by itself, with code 0."""
        self.process.terminate()
        assert self.until_ended() == 0, self._tail()

    def end(self) -> None:
        """Leave no process behind, and what they answered beside what they wrote."""
        (self.cloud.folder / f"{self.name}.dump").write_text("".join(self.answered.values()), encoding="utf-8")
        for process, _ in self.starts:
            process.kill()
            process.wait(timeout=PATIENCE_SECONDS)

    def _tail(self) -> str:
        return "\n".join(out.read_text(encoding="utf-8")[-4000:] for _, out in self.starts) + self.errors()[-3000:]

    # --- the command line beside it ---

    def cli(self, *arguments: str, config: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Run one command of the command line; what it prints is kept for the search for secrets."""
        command = self.command(*arguments, config=config)
        place = {"env": environment(self.variables), "cwd": self.cloud.folder}
        done = warm_processes.run(command, **place, timeout=PATIENCE_SECONDS)
        with (self.cloud.folder / f"{self.name}.commands.dump").open("a", encoding="utf-8") as file:
            file.write(done.stdout + done.stderr)
        return done

    def command(self, *arguments: str, config: Path | None = None) -> tuple[str, ...]:
        """Return one command of the command line, as a process is started with it."""
        return (sys.executable, "-m", "watchdog", "-c", str(config or self.cloud.config), *arguments)

    def history(self) -> list[Entry]:
        """Return `watchdog report history --format json`; asked again where a busy database was too slow."""
        answers = [self.cli("history", "--format", "json")]

        def answered() -> bool:
            if "Try again" in answers[-1].stderr:
                answers.append(self.cli("history", "--format", "json"))
            return "Try again" not in answers[-1].stderr

        until(answered)
        assert answers[-1].returncode == 0, answers[-1].stderr
        rows: list[Entry] = json.loads(answers[-1].stdout)
        return rows

    # --- the record ---

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read the store beside the daemon; empty while there is none."""
        return self.record.rows(query)


@contextmanager
def guarding(
    folder: Path, *, quirks: bool, rollback_seconds: float = 1.0, variables: Mapping[str, str] | None = None
) -> Iterator[tuple[Cloud, Daemon]]:
    """Run the sandbox, and give a daemon for it that is not started yet."""
    with running_cloud(folder, quirks=quirks, rollback_seconds=rollback_seconds) as cloud:
        daemon = Daemon(cloud, variables)
        try:
            yield cloud, daemon
        finally:
            daemon.end()


@contextmanager
def watching(
    folder: Path,
    *,
    quirks: bool,
    rollback_seconds: float = 1.0,
    variables: Mapping[str, str] | None = None,
    **written: Any,
) -> Iterator[tuple[Cloud, Daemon]]:
    """Run both, with that written into the configuration; the daemon watches already."""
    more = {"rollback_seconds": rollback_seconds, "variables": variables}
    with guarding(folder, quirks=quirks, **more) as (cloud, daemon):  # type: ignore[arg-type]
        cloud.write(**written)
        daemon.start().until_watching()
        yield cloud, daemon
