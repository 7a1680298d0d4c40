"""Files that are none, too large, or made to harm: refused with what to do, never waited for, never half imported."""

import os
from pathlib import Path

import pytest

from tests.settings.other_tools.made import made, read
from watchdog.settings.other_tools import configuration_from
from watchdog.settings.text.first_channels import FirstChannels

ENDPOINT = "- {{name: {name}, url: '{url}', conditions: ['[STATUS] == 200']}}\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 10)}]\n" for before, one in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a mapping"),
        ("just words", "not a mapping"),
        ("version: 1\nservices: {}\n", "is of no tool that can be read"),
        ("endpoints: [\n", "file-0:"),
        (BOMB + "endpoints: []\n", "too many values"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 50_000, "nested too deeply"),
        ("endpoints:\n- url: {{ site }}\n", "template"),
        ("x" * 300_000, "too large"),
        ("{" + " " * 5_000_000 + "}", "too large"),
        ("endpoints:\n- {name: a, url: 'icmp://a.example', conditions: [x]}\n", "a ping has no equal"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        made(tmp_path, text)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin").write_bytes(b"endpoints: [\xff]")
    wrong = {"pipe": "not a regular", ".": "cannot be read|not a regular", "none": "No such file", "latin": "not UTF-8"}
    for name, says in wrong.items():
        with pytest.raises(ValueError, match=says):
            configuration_from([tmp_path / name], FirstChannels())
    with pytest.raises(ValueError, match="not a regular"):
        configuration_from([Path("/dev/zero")], FirstChannels())


def test_names_that_collide_or_are_no_names_load_and_a_site_that_cannot_is_left_out(tmp_path: Path) -> None:
    names = ("'a b'", "a-b", "'on'", "'0x1f'", "'日本'", "''", '"q: {x}\\n  evil: 1 #"', '"\\ud83d\\u2028\\x7f"')
    sites = [ENDPOINT.format(name=name, url="https://www.example.com/") for name in names]
    odd = ("https://169.254.169.254/", "https://www.example.com:99999/", "https://[::1", "ftp://www.example.com")
    sites += [ENDPOINT.format(name=f"odd{number}", url=url) for number, url in enumerate(odd)]
    came = made(tmp_path, "endpoints:\n" + "".join(sites))
    assert len(read(came).services) == len(names) and len([one for one in came.lost if "left out" in one]) == len(odd)
    assert {"a-b", "a-b-2", "service-on", "service-0x1f"} <= set(read(came).services)


def test_a_hundred_private_hosts_are_named_and_the_others_are_left_out(tmp_path: Path) -> None:
    sites = [ENDPOINT.format(name=f"s{number}", url=f"http://app-{number}:80/") for number in range(103)]
    came = made(tmp_path, "endpoints:\n" + "".join(sites))
    assert len(read(came).private_hosts) == 100 == came.carried
    assert [line for line in came.lost if line.startswith("3 sites: left out: private_hosts names 100 at most")]
