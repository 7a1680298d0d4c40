"""The detector of secrets that come out is able to fail: for what is printed, logged, written; and for no more."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.canaries import KEYS, hits
from tests.support.clocks import PATIENCE_SECONDS

ROOT = Path(__file__).parents[1]
PRELUDE = (
    "import base64, gzip, json, logging, sys\nfrom urllib.parse import quote\n"
    f"KEY, SLASHED = {KEYS[0]!r}, {KEYS[5]!r}\n"
)


def outcome(body: str) -> str:
    """Run one test with the plugin, as a suite of its own outside of ours, and return pytest's words."""
    with tempfile.TemporaryDirectory() as name:
        return _outcome_in(Path(name), body)


def _outcome_in(folder: Path, body: str) -> str:
    test = f"{PRELUDE}def test_it(tmp_path):\n    {body}\n"
    (folder / "test_one.py").write_text(test, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.canaries", "-p", "no:cacheprovider", "-n", "0"]
    command += ["-c", "none.ini", "--rootdir", str(folder), "test_one.py"]
    (folder / "none.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "TMPDIR": str(folder)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=PATIENCE_SECONDS
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "body",
    [
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
    ],
)
def test_a_secret_that_comes_out_fails_its_test(body: str) -> None:
    """Output, error output, log, in disguises, a daemon's output, its store, another test's word, what people heard."""
    said = outcome(body)
    assert "1 failed" in said and "a secret came out" in said, said


@pytest.mark.parametrize(
    "body",
    [
        "print('no key')",
        "(tmp_path / '.env').write_text(KEY)",
        "assert KEY",
        "(tmp_path / 'sandbox.jsonl').write_text(json.dumps({'what': 'request', 'path': '/slack/' + SLASHED}) + '\\n')",
    ],
)
def test_what_keeps_its_secrets_passes(body: str) -> None:
    """A configuration may hold a key; so may a variable, and the address that a request was rightly sent to."""
    assert "1 passed" in outcome(body)


def test_each_key_is_looked_for() -> None:
    """Each by itself, in the middle of a line."""
    for key in KEYS:
        assert len(hits(f"GET https://x.example/{key}/y")) == 1
    assert hits("an ordinary line about watchdog's web-1") == []
