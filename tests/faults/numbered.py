"""Writes the table's column of tests anew: python tests/faults/numbered.py (what a case is stays as written)."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.test_numbered import IN_FULL, TABLE, cases


def _listed(names: set[str]) -> str:
    return "<br>".join(f"`{name}`" for name in sorted(names))


def main() -> None:
    """Rewrite README.md with the tests there are."""
    found, nightly = cases(), cases(nightly=True)

    def row(match: re.Match[str]) -> str:
        tests = _listed(found[int(match[1])]) or "none yet"
        if nightly[int(match[1])]:
            tests += f"<br>{IN_FULL}{_listed(nightly[int(match[1])])}"
        return f"| {match[1]} | {match[2].strip()} | {tests} | {match[4].strip()} |"

    text = TABLE.read_text(encoding="utf-8")
    TABLE.write_text(re.sub(r"^\| *(\d+) *\|([^|]*)\|([^|]*)\|([^|]*)\|$", row, text, flags=re.MULTILINE))


if __name__ == "__main__":
    main()
