"""Shell completion: the script of the library, run by the shell itself. With CI=true a missing shell is a failure."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import answer
from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.cli.commands.completion import completion

ASK = {
    "bash": """{script}
COMP_WORDS=({words} ""); COMP_CWORD={number}; COMP_LINE="{words} "; COMP_POINT=${{#COMP_LINE}}
_watchdog; printf '%s\\n' "${{COMPREPLY[@]}}"
""",
    "fish": """{script}
complete --do-complete "{words} "
""",
    # A terminal of its own: zsh completes at a prompt alone. The script is where the help of the command puts it.
    "zsh": """zmodload zsh/zpty
zpty ask zsh -f -i
zpty -w ask "PS1= LISTMAX=9999; fpath=({folder} \\$fpath); autoload -Uz compinit; compinit -D -u"
zpty -w ask "zstyle ':completion:*' verbose no; bindkey '^I' list-choices; comppostfuncs=(exit)"
zpty -w -n ask "{words} "$'\\t'
while zpty -r ask line; do print -r -- $line; done
""",
}
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
SEPARATED = re.compile(r"\t|\n|  +")
"""Between two offers, and between an offer and its description."""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    script = answer(capsys, "completion", shell)
    assert "restore-auto-deploy" in script and "acknowledge" not in script
    subprocess.run([program(shell), "-n"], input=script, text=True, check=True, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("shell", ASK)
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("watchdog", {"status", "incident", "service", "lab", "completion"}),
        ("watchdog incident", {"list", "show", "ack", "follow-up"}),
        ("watchdog completion", {"bash", "zsh", "fish"}),
    ],
)
def test_the_shell_completes(
    shell: str, words: str, offered: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, commands of a group, and the choices of an argument."""
    script = answer(capsys, "completion", shell)
    (tmp_path / "_cyclopts_watchdog").write_text(script, encoding="utf-8")
    asked = ASK[shell].format(script=script, folder=tmp_path, words=words, number=len(words.split()))
    done = subprocess.run(
        [program(shell)], input=asked, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    )
    assert offered <= {one.strip() for one in SEPARATED.split(CONTROL.sub("", done.stdout))}, done


def test_the_help_names_the_file_by_which_zsh_finds_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The name of the function in it: zsh calls none of another name."""
    assert "_cyclopts_watchdog() {" in answer(capsys, "completion", "zsh")
    assert "`_cyclopts_watchdog`" in (completion.__doc__ or "")
