"""The workflow for GitHub Actions: pinned, without a secret, and its steps run against real daemon and sandbox."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy.workflow_runner import EXPRESSION, Workflow
from tests.support import warm_processes
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.daemon_processes import SHORT, Cloud, Daemon, environment, guarding, together, until
from watchdog.sandbox import keys
from watchdog.settings import SECRET_NAMES

FILE = Path(__file__).parents[2] / "deploy" / "github-actions-gate.yaml"
VIEWER = "c4n4ry-viewer-0123456789-0123456789"
SECRETS = f"WATCHDOG_CONSOLE_TOKEN=c4n4ry-console-0123456789-0123456789\nWATCHDOG_CONSOLE_VIEWER_TOKEN={VIEWER}\n"
COMMIT, OTHER = "c0ffee1" + "0" * 33, "c0ffee2" + "0" * 33
GATE, DEPLOY, FOLLOW, SHOW = "May this commit", "Deploy it", "Follow it", "Show the verdict"
NAMED = {
    'contains: "</html>"': 'contains: "</html>", critical: true, version: {header: x-commit}',
    f"{keys.ORGANIZATION}/web}}": f'{keys.ORGANIZATION}/web, release: "{{commit}}"}}',
    "    render: srv-web\n": "    render: srv-web\n    gate: {staging: staging, soak: 1s, windows: [always]}\n",
}
STAGING = """\
  staging:
    render: srv-api
    mode: observe
    signals: {{home: {{http: "{api}/", version: {{header: x-commit}}}}}}
dependencies:"""
SOON = SHORT.replace("suspect_in_watch: 500ms", "suspect_in_watch: 500ms, watch_window: 20s")
MORE = f'{SOON}console: {{enabled: true}}\nwindows: {{always: "Mon-Sun 00:00-24:00 UTC"}}\n'


POSTED = ("--status", "--comment", "--late", "1s,2s")


def workflow(**given: str) -> Workflow:
    return Workflow(FILE, given, {})


def test_actions_are_pinned_and_the_token_may_only_read() -> None:
    """By the hash of a commit, the version beside it; the job asks GitHub for the code, and to show the verdict."""
    text = FILE.read_text(encoding="utf-8")
    used = [step["uses"] for step in workflow().job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one) for one in used)
    assert len(re.findall(r"@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", text, re.MULTILINE)) == len(used)
    assert workflow().text["permissions"] == {"contents": "read", "statuses": "write"}


def test_no_secret_is_written_and_each_is_one_of_ours() -> None:
    """A step gets those that it needs, by variables: no expression stands in a script."""
    text = FILE.read_text(encoding="utf-8")
    ours = set(re.findall(r"WATCHDOG_\w+_TOKEN", text))
    assert ours == {"WATCHDOG_CONSOLE_VIEWER_TOKEN"} <= set(SECRET_NAMES)
    secrets = {name for name in EXPRESSION.findall(text) if name.startswith("secrets.")}
    assert secrets == {"secrets.WATCHDOG_CONSOLE_VIEWER_TOKEN", "secrets.RENDER_API_KEY"}
    assert [step["name"] for step in workflow().job["steps"] if EXPRESSION.search(step.get("run", ""))] == []


@contextmanager
def guarded(folder: Path) -> Iterator[tuple[Cloud, Daemon]]:
    """Run a daemon that watches production and staging, and has recorded a minute of both."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace={**NAMED, "dependencies:": STAGING.format(**cloud.urls)}, more=MORE, secrets=SECRETS)
        daemon.start().until_watching()
        daemon.until(lambda: daemon.metric("watchdog_probe_total", service="staging") >= 2)
        # The begun minute is saved at the end of a process: without a minute nothing is known of the error budget.
        daemon.stop()
        daemon.start().until_watching()
        yield cloud, daemon


def pipeline(cloud: Cloud, daemon: Daemon) -> Callable[[str], tuple[int, str]]:
    """Return what runs a step of the workflow in a folder of its own, and gives its exit code and what it printed."""
    given = {
        "secrets.WATCHDOG_CONSOLE_VIEWER_TOKEN": VIEWER,
        "secrets.RENDER_API_KEY": keys.RENDER_API_KEY,
        "vars.WATCHDOG_URL": f"http://127.0.0.1:{daemon.port}",
        "vars.WATCHDOG_SERVICE": "web",
        "vars.RENDER_SERVICE_ID": "srv-web",
        "github.sha": COMMIT,
        "github.token": keys.GITHUB_TOKEN,
    }
    github = {"GITHUB_API_URL": cloud.urls["github"], "GITHUB_REPOSITORY": "acme/web"}
    here = Workflow(FILE, given, {"RENDER_URL": cloud.urls["render"], "EVERY_SECONDS": "0.5", **github})
    folder = cloud.folder / "checkout"
    folder.mkdir(exist_ok=True)

    def run(name: str) -> tuple[int, str]:
        done = here.run(name, folder)
        return done.returncode, done.stdout + done.stderr

    return run


def shown(cloud: Cloud) -> list[str]:
    """Return the states of the commit's status at GitHub, oldest first."""
    assert {one["context"] for one in cloud.log("status_set")} == {"watchdog/web"}
    return [one["state"] for one in cloud.log("status_set") if one["sha"] == COMMIT]


def not_passed(printed: str) -> dict[str, str]:
    """Return the reasons that close the gate, with their words, from the table."""
    rows = [re.split(r"  +", line, maxsplit=2) for line in printed.splitlines()]
    assert rows[0] == ["REASON", "VERDICT", "WHY"], printed
    return {row[0]: row[2] for row in rows if row[1:2] in (["REFUSED"], ["NOT KNOWN"])}


def good(folder: Path) -> None:
    """Closed until staging carries the commit; then open, deployed, followed to a good end; the terminal agrees."""
    with guarded(folder) as (cloud, daemon):
        run = pipeline(cloud, daemon)
        code, printed = run(GATE)
        assert code != 0 and "staging" in not_passed(printed), printed
        cloud.post("deploys", service="api", commit=COMMIT, build_seconds=0.2, update_seconds=0.2)
        answers: list[str] = []

        def opened() -> bool:
            code, printed = run(GATE)
            answers.append(printed)
            return code == 0

        until(opened, lambda: answers[-1])
        rules = cloud.folder / "checkout" / ".watchdog-gate.yaml"
        rules.write_text("gate: {soak: 1h}\n", encoding="utf-8")
        code, printed = run(GATE)
        assert code != 0 and not_passed(printed).keys() == {"soak"}, printed
        rules.write_text("gate: {soak: 500ms}\n", encoding="utf-8")
        code, printed = run(GATE)
        assert code != 0 and "would loosen the configuration" in printed
        rules.unlink()
        assert run(DEPLOY)[0] == 0
        code, printed = run(FOLLOW)
        assert code == 0 and " good: " in printed, printed
        assert " watched: " in printed
        assert run(SHOW)[0] == 0 and shown(cloud) == ["success"]
        told = daemon.cli("deploy-watch", "web", "--commit", COMMIT, "--wait", "--timeout", "4m", *POSTED)
        assert (told.returncode, "good: " in told.stdout, told.stderr) == (0, True, ""), told.stdout
        assert told.stdout.count("good: ") == 3, "the verdict, and two late looks"
        assert shown(cloud) == ["success", "success"], "the words of the workflow's are others; a late look adds none"
        (comment,) = cloud.log("issue_commented")
        assert "**web: good**" in comment["body"] and len(cloud.log("comment_edited")) == 2
        daemon.until(lambda: daemon.cli("gate", "web", "--commit", COMMIT[:7]).returncode == 0)
        daemon.cli("pause")
        code, printed = run(GATE)
        assert code != 0 and not_passed(printed).keys() == {"pause"}, printed
        daemon.cli("resume")
        later(cloud, daemon)
        daemon.stop()
        told = daemon.cli("gate", "web", "--commit", COMMIT)
        assert told.returncode == 1 and "NOT KNOWN  no daemon runs on this store" in told.stdout
        assert run(GATE)[0] != 0 and run(GATE)[1].startswith("curl: ")


def later(cloud: Cloud, daemon: Daemon) -> None:
    """A good deploy that is replaced stays good; one that is rolled back by hand afterwards turns bad."""
    first = Late(cloud, daemon, COMMIT)
    cloud.post("deploys", commit=OTHER, build_seconds=0.2, update_seconds=0.2)
    assert first.ended() == 0 and "was good until another deploy replaced it" in first.out.read_text()
    second = Late(cloud, daemon, OTHER)
    done = daemon.cli("rollback", "web")
    assert done.returncode == 0, done.stdout + done.stderr
    assert second.ended() == 1 and " bad: " in second.out.read_text(), second.out.read_text()


class Late:
    """`watchdog deploy-watch --late` in a process of its own; its verdict is good, and it waits for the late look."""

    def __init__(self, cloud: Cloud, daemon: Daemon, commit: str) -> None:
        self.out, self.err = cloud.folder / "late.out", cloud.folder / "late.err"
        # Several looks: a calm state is saved every half a minute, and the first that is not plainly good is the last.
        words = ("deploy-watch", "web", "--commit", commit, "--wait", "--late", "10s,20s,30s,40s,50s,60s")
        place = {"env": environment(), "cwd": cloud.folder, "out": self.out, "err": self.err}
        self.process = warm_processes.start(daemon.command(*words), **place)
        until(lambda: " good: " in self.out.read_text(), lambda: self.out.read_text() + self.err.read_text())

    def ended(self) -> int:
        return self.process.wait(timeout=PATIENCE_SECONDS)


def bad(folder: Path) -> None:
    """A deploy that breaks production is rolled back, and the pipeline that follows it fails."""
    with guarded(folder) as (cloud, daemon):
        run = pipeline(cloud, daemon)
        # The step that deploys is not run here: it leaves this behind.
        (cloud.folder / "checkout" / "began.txt").write_text(f"{int(time.time()) - 60}\n", encoding="utf-8")
        cloud.bad_deploy(commit=COMMIT)
        code, printed = run(FOLLOW)
        assert code == 1 and " bad: " in printed, printed
        assert run(SHOW)[0] == 0 and shown(cloud) == ["failure"]
        daemon.until_story("VERIFIED")
        told = daemon.cli("deploy-watch", "web", "--commit", COMMIT, "--wait", "--timeout", "4m", *POSTED)
        assert told.returncode == 1 and "bad: web-1 is blamed on it" in told.stdout, told.stdout
        assert shown(cloud)[-1] == "failure" and cloud.log("comment_edited") == [], "no late look after a bad end"
        code, printed = run(GATE)
        assert code != 0 and "was rolled back before" in not_passed(printed)["deny-list"], printed


@pytest.mark.long
def test_the_steps_of_the_workflow_run_against_a_real_daemon(tmp_path: Path) -> None:
    """Side by side: they mostly wait."""
    together(lambda: good(tmp_path / "good"), lambda: bad(tmp_path / "bad"))
