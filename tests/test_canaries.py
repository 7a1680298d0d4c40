"""The detector of secrets that come out is able to fail: for what is printed, logged, written; and for no more."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.canaries import KEYS, hits
from tests.support.clocks import PATIENCE_SECONDS

ROOT = Path(__file__).parents[1]
PRELUDE = (
    "import base64, gzip, json, logging, sys\nfrom urllib.parse import quote\n"
    f"KEY, SLASHED = {KEYS[0]!r}, {KEYS[5]!r}\n"
)


LEAKS = (
    "print('the key is', KEY)",
    "print(KEY, file=sys.stderr)",
    "logging.getLogger('x').warning('GET with %s', KEY)",
    "print(base64.b64encode(KEY.encode()).decode())",
    "(tmp_path / 'out0.log').write_text('Bearer ' + KEY)",
    "(tmp_path / 'watchdog.db').write_bytes(bytes(9) + KEY.encode())",
    "print('C4n' + '4RY')",
    "print(base64.b64encode(b'bob:' + KEY.encode() + b'@').decode())",
    "print(base64.urlsafe_b64encode(b'c:' + KEY.encode()).decode())",
    "print(quote(SLASHED, safe=''))",
    "(tmp_path / 'near.commands.dump').write_text('rejected: ' + KEY)",
    "(tmp_path / 'a.jsonl.gz').write_bytes(gzip.compress(b'{' + KEY.encode() + b'}')[:-4])",
    "(tmp_path / 'sandbox.jsonl').write_text(json.dumps({'what': 'slack_webhook', 'text': KEY}) + '\\n')",
    "(tmp_path / 'out0.log').write_bytes(bytes(4 * 1024 * 1024 - 5) + KEY.encode() + bytes(9))",
)
KEPT = (
    "print('no key')",
    "(tmp_path / '.env').write_text(KEY)",
    "assert KEY",
    "(tmp_path / 'sandbox.jsonl').write_text(json.dumps({'what': 'request', 'path': '/slack/' + SLASHED}) + '\\n')",
)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run all of them with the plugin, as a suite of its own outside of ours; return how each ended, and why."""
    folder = tmp_path_factory.mktemp("suite")
    tests = [f"def test_{nth}_(tmp_path):\n    {body}\n" for nth, body in enumerate(LEAKS + KEPT)]
    (folder / "test_all.py").write_text(PRELUDE + "\n".join(tests), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.canaries", "-p", "no:cacheprovider", "-n", "0"]
    command += ["-c", "none.ini", "--rootdir", str(folder), "--tb=no", "-rA", "test_all.py"]
    (folder / "none.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "TMPDIR": str(folder)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=PATIENCE_SECONDS
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "PASSED"))]
    found = {body: [line for line in lines if f"::test_{nth}_" in line] for nth, body in enumerate(LEAKS + KEPT)}
    return {body: "\n".join(lines) for body, lines in found.items()}


def test_a_secret_that_comes_out_fails_its_test(ended: dict[str, str]) -> None:
    """Output, error output, log, in disguises, a daemon's output, its store, another test's word, what people heard."""
    for body in LEAKS:
        assert "FAILED" in ended[body] and "a secret came out" in ended[body] and "PASSED" not in ended[body], body


def test_what_keeps_its_secrets_passes(ended: dict[str, str]) -> None:
    """A configuration may hold a key; so may a variable, and the address that a request was rightly sent to."""
    for body in KEPT:
        assert ended[body].startswith("PASSED") and "FAILED" not in ended[body], (body, ended[body])


def test_each_key_is_looked_for() -> None:
    """Each by itself, in the middle of a line."""
    for key in KEYS:
        assert len(hits(f"GET https://x.example/{key}/y")) == 1
    assert hits("an ordinary line about watchdog's web-1") == []
