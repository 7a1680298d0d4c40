"""Shell completion: the script of the library, run by the shell itself where that is here."""

import shutil
import subprocess

import pytest

from tests.support.clocks import PATIENCE_SECONDS
from watchdog.cli.main import main

ASK = {
    "bash": """{script}
COMP_WORDS=({words} ""); COMP_CWORD={number}; COMP_LINE="{words} "; COMP_POINT=${{#COMP_LINE}}
_watchdog; printf '%s\\n' "${{COMPREPLY[@]}}"
""",
    "fish": """{script}
complete --do-complete "{words} "
""",
}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On stdout alone, whole, with the present spellings and no others."""
    assert main(["completion", shell]) == 0
    told = capsys.readouterr()
    assert told.err == "" and "restore-auto-deploy" in told.out and "acknowledge" not in told.out
    if shutil.which(shell) is not None:
        subprocess.run([shell, "-n"], input=told.out, text=True, check=True, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("shell", ASK)
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("watchdog", {"status", "incident", "service", "lab", "completion"}),
        ("watchdog incident", {"list", "show", "ack", "follow-up"}),
        ("watchdog completion", {"bash", "zsh", "fish"}),
    ],
)
def test_the_shell_completes(shell: str, words: str, offered: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Commands, commands of a group, and the choices of an argument."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    main(["completion", shell])
    asked = ASK[shell].format(script=capsys.readouterr().out, words=words, number=len(words.split()))
    done = subprocess.run([shell], input=asked, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS)
    assert offered <= {line.split("\t")[0].strip() for line in done.stdout.splitlines()}, done
