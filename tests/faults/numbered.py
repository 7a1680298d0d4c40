"""Writes the table's column of tests anew: python tests/faults/numbered.py (what a case is stays as written)."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.test_numbered import TABLE, cases


def main() -> None:
    """Rewrite README.md with the tests there are."""
    found = cases()

    def row(match: re.Match[str]) -> str:
        tests = "<br>".join(f"`{name}`" for name in sorted(found[int(match[1])])) or "none yet"
        return f"| {match[1]} | {match[2].strip()} | {tests} | {match[4].strip()} |"

    text = TABLE.read_text(encoding="utf-8")
    TABLE.write_text(re.sub(r"^\| *(\d+) *\|([^|]*)\|([^|]*)\|([^|]*)\|$", row, text, flags=re.MULTILINE))


if __name__ == "__main__":
    main()
