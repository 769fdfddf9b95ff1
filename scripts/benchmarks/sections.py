"""docs/benchmarks.md, of which each comparison writes its own section and leaves the others as they are."""

import re
from pathlib import Path

HEAD = "# Dostyq beside others\n\nEach section is written by the command that it names.\n"


def put(page: Path, name: str, text: str) -> None:
    """Writes a section in the place of the older one, or at the end."""
    old = page.read_text(encoding="utf8") if page.is_file() else HEAD
    page.write_text(replaced(old, name, text), encoding="utf8")


def replaced(page: str, name: str, text: str) -> str:
    """The page with one section anew."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = f"{begin}\n\n{text.strip()}\n\n{end}"
    found = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if found.search(page):
        return found.sub(lambda _: section, page)
    return f"{page.rstrip()}\n\n{section}\n"
