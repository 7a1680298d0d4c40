"""The house rules, as tests: floors, sizes, registries, documentation, whose `watchdog` this is."""

import ast
import re
import tokenize
import tomllib
from collections import Counter
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

import pytest

import watchdog
from tests.faults.test_numbered import running
from tests.support.least_signals import LEAST
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.signals import SIGNALS
from watchdog.adapters.tickets import TICKETS
from watchdog.core.detect import METHODS
from watchdog.core.machine import EVENTS, TRANSITIONS
from watchdog.docs import headings, pages
from watchdog.domain.incidents import Phase
from watchdog.settings import SECRET_NAMES
from watchdog.settings.load.secrets import VARIABLES

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "watchdog").rglob("*.py"))
CLOCKS = {"watchdog/daemon/runtime/clock.py", "watchdog/sandbox/clock.py"}
WORK = {"watchdog/adapters/signals/pattern.py": ("thread_time",)}
"""How much a thread has computed is no clock."""
LINES_PER_FILE, LINES_PER_FUNCTION = 400, 70


def relative(path: Path) -> str:
    """Return the path below the repository's root."""
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function of a module."""
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def test_the_imported_watchdog_is_ours() -> None:
    """PyPI's file-event library of the same name is not in this environment."""
    assert Path(watchdog.__file__).parent == ROOT / "watchdog"
    assert not hasattr(watchdog, "observers")


def test_files_and_functions_stay_small() -> None:
    """At most 400 lines a file and 70 a function, and the first lines of every module say what it is."""
    wrong = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        long = [node.name for node in functions(tree) if (node.end_lineno or 0) - node.lineno + 1 > LINES_PER_FUNCTION]
        wrong += [f"{relative(path)}: {name} has over {LINES_PER_FUNCTION} lines" for name in long]
        wrong += [f"{relative(path)}: over {LINES_PER_FILE} lines"] if text.count("\n") > LINES_PER_FILE else []
        wrong += [f"{relative(path)}: no docstring"] if len(ast.get_docstring(tree) or "") <= 10 else []
    assert wrong == []


def fields_without_a_meaning(path: Path) -> list[str]:
    """Return the fields of a file's dataclasses that have neither a comment beside them nor a docstring below."""
    text = path.read_text(encoding="utf-8")
    read = tokenize.generate_tokens(iter(text.splitlines(keepends=True)).__next__)
    commented = {token.start[0] for token in read if token.type == tokenize.COMMENT}
    classes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    return [
        f"{relative(path)}: {one.name}.{ast.unparse(field.target)}"
        for one in classes
        if any(re.match(r"dataclass\b", ast.unparse(decorator)) for decorator in one.decorator_list)
        for field, below in zip_longest(one.body, one.body[1:])
        if isinstance(field, ast.AnnAssign)
        and commented.isdisjoint(range(field.lineno, (field.end_lineno or field.lineno) + 1))
        and not (isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant))
    ]


def test_every_field_of_the_domain_says_what_it_means() -> None:
    """A reader of a dataclass finds the meaning of each field, and its unit, beside it."""
    domain = [path for path in SOURCES if relative(path).startswith("watchdog/domain/")]
    bare = [name for path in domain for name in fields_without_a_meaning(path)]
    assert bare == [], f"write what they mean beside: {', '.join(bare)}"


def test_only_two_files_read_a_clock() -> None:
    """Time is data; a linter bans the calls, this bans their modules. How long work took is no clock."""
    for path in (path for path in SOURCES if relative(path) not in CLOCKS):
        text = path.read_text(encoding="utf-8")
        imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
        if "time" in {alias.name for node in imports for alias in node.names}:
            assert set(re.findall(r"\btime\.(\w+)\(", text)) <= {"perf_counter", *WORK.get(relative(path), ())}, (
                relative(path)
            )


def test_no_http_client_of_ours_takes_a_proxy_of_the_environment() -> None:
    """No behaviour shows it where a transport is given: this httpx looks at no variable then, the next one may."""
    texts = {relative(path): path.read_text(encoding="utf-8") for path in SOURCES}
    nodes = [(name, node) for name, text in texts.items() if "httpx" in text for node in ast.walk(ast.parse(text))]
    calls = [(name, ast.unparse(node)) for name, node in nodes if isinstance(node, ast.Call)]
    made = [(name, call) for name, call in calls if re.match(r"httpx\.(Async)?(Client|HTTPTransport)\(", call)]
    assert {"watchdog/adapters/api_client.py", "watchdog/adapters/ssrf_transport.py"} < {name for name, _ in made}
    assert [name for name, call in made if "trust_env=False" not in call] == []


def test_the_transition_table_is_total() -> None:
    """Every phase has an entry for every event; silence is written, never implied."""
    assert set(TRANSITIONS) == set(Phase)
    for phase in Phase:
        assert set(TRANSITIONS[phase]) == set(EVENTS), phase


def test_every_signal_can_be_judged() -> None:
    """A new signal needs a method of the core; that it is in config/watchdog.yaml, test_config_files.py holds."""
    assert {entry.policy("home", entry.options(**LEAST[kind])).kind for kind, entry in SIGNALS.items()} == set(METHODS)


@pytest.mark.parametrize(
    ("family", "kinds"),
    [("signals", SIGNALS), ("notifiers", NOTIFIERS), ("platforms", PLATFORMS), ("tickets", TICKETS)],
)
def test_every_adapter_has_a_test_of_its_own(family: str, kinds: Mapping[str, object]) -> None:
    """A new adapter is one file, one line, and one test named for it."""
    for kind in kinds:
        assert (ROOT / "tests" / "adapters" / family / f"test_{kind}.py").exists(), f"no test of {kind}"


def test_no_registry_host_and_no_machine_path_is_tracked() -> None:
    """The lock names no host; nothing names a machine's folders."""
    hosts = re.compile("py" + r"pi\.org|python" + r"hosted\.org|npm" + r"js\.(com|org)")
    paths = re.compile(r"/(work|root|home)/\w")
    for path in ROOT.rglob("*"):
        parts = set(path.relative_to(ROOT).parts)
        if not path.is_file() or parts & {".git", ".venv", "venv", ".hypothesis", "__pycache__", "build", "dist"}:
            continue
        if path.suffix not in {".py", ".md", ".txt", ".yaml", ".yml", ".toml", ".svg"} and path.parent.name != ".ci":
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert not hosts.search(text), f"{relative(path)} names a registry's host"
        assert path.name == "test_house_rules.py" or not paths.search(text), f"{relative(path)} names a machine's path"


MAP = (ROOT / "watchdog" / "ARCHITECTURE.md").read_text(encoding="utf-8")
PAGES = "".join(page.text for page in pages())
GUARANTEES = (ROOT / "watchdog" / "docs" / "guarantees.md").read_text(encoding="utf-8")
FLOORS = "ports|core|docs|daemon|adapters|presentation|console|app|sandbox|replay|lab|settings|cli|domain"
FILES_IN_A_FOLDER = 25


def test_the_map_names_what_exists() -> None:
    """Every file and folder that ARCHITECTURE.md and the pages beside it name is there."""
    named = set(re.findall(rf"`((?:{FLOORS})/[\w/.]*)`", MAP + PAGES))
    assert len(named) > 60
    for name in named:
        assert (ROOT / "watchdog" / name).exists(), f"a page names {name}, which is not there"


@pytest.mark.parametrize("floor", ["core", "daemon", "adapters", "console", "settings", "app"])
def test_the_map_names_every_room(floor: str) -> None:
    """A newcomer finds each folder of these floors in ARCHITECTURE.md, with the question that it answers."""
    rooms = {path.parent for path in (ROOT / "watchdog" / floor).glob("*/__init__.py")}
    assert [room.name for room in sorted(rooms) if f"`{floor}/{room.name}/`" not in MAP] == []
    files = {path.name for path in (ROOT / "watchdog" / floor).glob("*.py") if path.stem != "__init__"}
    assert floor not in ("core", "daemon") or [name for name in sorted(files) if f"`{name}`" not in MAP] == []


def test_no_folder_is_a_crowd() -> None:
    """A reader takes in a folder of 25 files at a glance, and no more."""
    counted = Counter(path.parent for path in (ROOT / "watchdog").rglob("*.py"))
    assert {relative(folder): n for folder, n in counted.items() if n > FILES_IN_A_FOLDER} == {}


def guarantees() -> dict[str, tuple[list[str], list[str]]]:
    """Return the table of guarantees: what enforces each, and the tests that hold it."""
    table = GUARANTEES.partition("## What remains")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")][1:]
    return {
        name.strip(): (re.findall(r"`([^`]+)`", files), re.findall(r"`([^`]+)`", tests))
        for name, _, files, tests in rows
    }


def test_every_invariant_has_its_guarantee() -> None:
    """The ten that were asked for, each with files that enforce it and tests that hold it."""
    assert {f"I{number}" for number in range(1, 11)} <= set(guarantees())
    assert "## What remains" in GUARANTEES, "the honest gaps"
    for name, (files, tests) in guarantees().items():
        assert files and len(tests) >= 2, name
        assert [file for file in files if not (ROOT / "watchdog" / file).is_file()] == []


@pytest.mark.parametrize("test", sorted({test for _, tests in guarantees().values() for test in tests}))
def test_a_guarantee_is_held_by_a_test_that_runs(test: str) -> None:
    """It exists, under that name, and neither is skipped nor may fail."""
    file, _, name = test.partition("::")
    path = ROOT / "tests" / file
    assert path.is_file(), f"guarantees.md names {file}, which is not there"
    assert name in set(running(path.read_text(encoding="utf-8"))), f"guarantees.md names {test}, which does not run"


def test_the_readme_shows_the_minimal_configuration_verbatim() -> None:
    """What users copy from the README is config/minimal.yaml."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- minimal -->\n```yaml\n(.*?)```", readme, re.DOTALL)
    assert shown is not None and shown[1] == (ROOT / "config" / "minimal.yaml").read_text(encoding="utf-8")


def test_every_place_the_readme_leads_to_is_there() -> None:
    """Files, and headings within them."""
    for target in re.findall(r"\]\((?!http)([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        path = ROOT / (file or "README.md")
        assert path.is_file(), target
        assert not heading or heading in {one.anchor for one in headings(path.read_text("utf-8"))}, target


def test_every_variable_says_the_least_it_needs() -> None:
    """Which rights to give, and no more; the handbook lists them from the same table."""
    assert set(SECRET_NAMES) < {one.name for one in VARIABLES}
    assert [one.name for one in VARIABLES if not one.needed_for or len(one.least) <= 10] == []


def test_the_lock_covers_the_declared_dependencies() -> None:
    """The hashed lock names every run-time dependency of pyproject.toml, and those of the extras people use."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "deploy" / "requirements.txt").read_text(encoding="utf-8").lower()
    extras = project["optional-dependencies"]
    shipped = [line for name in ("postgres", "console", "slack", "apprise") for line in extras[name]]
    for line in (*project["dependencies"], *shipped):
        name = re.match(r"[A-Za-z0-9_.-]+", line)[0].lower()  # type: ignore[index]
        assert re.search(rf"^{re.escape(name)}(\[\w+\])?==", lock, re.MULTILINE), name


JUDGES = {
    "adapters/oidc/tokens.py": 1,
    "adapters/slack/button_signature.py": 1,
    "app/sandbox_demo/demo_console.py": 1,
    "console/auth/assistant.py": 2,
    "console/auth/csrf_forms.py": 1,
    "console/auth/proxy_auth.py": 1,
    "console/auth/session.py": 2,
    "console/auth/oidc_login.py": 2,
    "daemon/http/http_auth.py": 1,
}
"""How many secrets and signatures of strangers each file judges."""


def test_what_strangers_show_is_compared_in_constant_time() -> None:
    """No behaviour shows whether it is: so it is written here who judges what they show, and how often."""
    found: dict[str, int] = {}
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if judged := calls.count("hmac.compare_digest"):
            found[path.relative_to(ROOT / "watchdog").as_posix()] = judged
    assert found == JUDGES
