"""The unit for systemd: systemd knows each key, nothing may be done that need not be, and the handbook prepares it."""

import ctypes
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.handbook.blocks import blocks
from tests.handbook.command_lint import wrong
from tests.settings.texts import KEY, SMALL
from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.app.sandbox_demo.sandbox_process import environment
from watchdog.daemon.supervision.lease_manager import TTL_SECONDS

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "watchdog.service"
TEXT = UNIT.read_text(encoding="utf-8")
EXPOSURE_MAX = 15
"""Tenths, as `systemd-analyze security` counts from 0 (safe) to 100."""
HARDENING = [
    line for line in TEXT.splitlines() if line.startswith(("Protect", "Private", "Restrict", "SystemCallFilter=@"))
]
PR_SET_MDWE, PR_GET_MDWE, REFUSE_EXEC_GAIN = 65, 66, 1
CAN_REFUSE = ctypes.CDLL(None).prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0


def analyzed(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze on the unit, with the Python of this machine in place of the installed command."""
    path = folder / UNIT.name
    path.write_text(text.replace("/opt/watchdog/bin/watchdog run", f"{sys.executable} -V"), encoding="utf-8")
    command = [program("systemd-analyze", "systemd"), *words, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)


def security(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    return analyzed(folder, text, "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE_MAX}")


def test_systemd_knows_each_key(tmp_path: Path) -> None:
    """A misspelt one would be ignored at the start, with a line in the journal."""
    assert UNIT.name not in analyzed(tmp_path, TEXT.replace("User=watchdog\n", ""), "verify").stderr
    misspelt = TEXT.replace("ProtectHome=", "ProtectHomes=").replace("User=watchdog\n", "")
    assert "ProtectHomes" in analyzed(tmp_path, misspelt, "verify").stderr


def test_it_may_do_little_and_the_figure_can_fail(tmp_path: Path) -> None:
    """By systemd's own figure; without its hardening the same unit is refused."""
    assert (done := security(tmp_path, TEXT)).returncode == 0, done.stdout[-200:]
    bare = "\n".join(line for line in TEXT.splitlines() if line not in HARDENING)
    assert len(HARDENING) >= 10 and security(tmp_path, bare).returncode != 0


def test_it_starts_the_daemon_as_a_user_of_its_own_and_gives_it_time() -> None:
    """Never as root; the commands that start and reload it exist; its end may take longer than a lease."""
    keys = dict(re.findall(r"(?m)^(\w+)=(.*)$", TEXT))
    assert keys["User"] == keys["StateDirectory"] == "watchdog" and keys["CapabilityBoundingSet"] == ""
    assert not wrong(keys["ExecStart"].split(), marked=False) and keys["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert keys["Restart"] == "always" and int(keys["TimeoutStopSec"]) > TTL_SECONDS


def test_the_handbook_prepares_what_it_needs() -> None:
    """The user, the file of the secrets, the link that the daemon and commands read, the folder."""
    (block,) = [one.text for one in blocks("sh") if "useradd" in one.text]
    name, source = re.findall(r"(?m)^LoadCredential=(\S+?):(\S+)$", TEXT)[0]
    assert f"-m 600 .env {source}\n" in block
    assert f"ln -s /run/credentials/{UNIT.name}/{name} /var/lib/watchdog/.env\n" in block
    assert "useradd --system watchdog\n" in block and f"deploy/systemd/{UNIT.name} /etc/systemd/system/" in block


@pytest.mark.long
@pytest.mark.skipif(not CAN_REFUSE, reason="the kernel is older than 6.3: it cannot refuse memory that becomes code")
def test_the_secrets_are_read_through_the_link_where_no_memory_may_become_code(tmp_path: Path) -> None:
    """As MemoryDenyWriteExecute has it: a library that makes code at run time would end here."""
    folder, credentials = tmp_path / "state", tmp_path / "credentials"
    for one in (folder, credentials):
        one.mkdir(mode=0o700)
    (folder / "watchdog.yaml").write_text(f"mode: autonomous\n{SMALL}", encoding="utf-8")
    handed = credentials / "watchdog.env"
    handed.write_text("".join(f"{name}={value}\n" for name, value in KEY.items()), encoding="ascii")
    handed.chmod(0o400)
    assert "WATCHDOG_RENDER_API_KEY" in checked(folder).stderr, "the configuration needs what is in the link"
    (folder / ".env").symlink_to(handed)
    done = checked(folder)
    assert done.returncode == 0 and ".env" not in done.stdout + done.stderr, done.stdout + done.stderr


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """Return what `watchdog check` says of a folder's configuration, without the right to make memory executable."""
    refuse = partial(ctypes.CDLL(None).prctl, PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)
    command = [sys.executable, "-m", "watchdog", "check"]
    known = environment({"PYTHONPATH": str(ROOT)})
    return subprocess.run(
        command, cwd=folder, env=known, capture_output=True, text=True, check=False, preexec_fn=refuse
    )
