"""Which SQL statements a run of the tests sends to PostgreSQL, with literals and parameters left out.

    python -m tests.bench.statements all.txt --everywhere        every test, on PostgreSQL
    python -m tests.bench.statements some.txt                    as the marks say
    python -m tests.bench.statements --compare all.txt some.txt  what only the first sent

Further arguments go to pytest. Servers that tests start as processes are not counted.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

FILE = "GALLERY_TEST_STATEMENTS"  # where the workers of a run add their statements
statements: set[str] = set()


def normalised(sql: str) -> str:
    """The statement without literals; lists of values and rows count as one value."""
    sql = re.sub(r"'(?:[^']|'')*'|\$\d+|\b\d+\b", "?", sql)
    sql = re.sub(r"\(\s*\?(?:\s*,\s*\?)*\s*\)", "(?)", " ".join(sql.split()))
    return re.sub(r"\(\?\)(?:\s*,\s*\(\?\))+", "(?)", sql)


def _listen(name: str) -> None:
    original = getattr(asyncpg.Connection, name)

    @functools.wraps(original)
    def listening(self: asyncpg.Connection, query: str, *rest: Any, **options: Any) -> Any:
        statements.add(normalised(query))
        return original(self, query, *rest, **options)

    setattr(asyncpg.Connection, name, listening)


def pytest_configure() -> None:
    for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval", "prepare", "cursor"):
        _listen(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if "[postgresql" in item.nodeid]


def pytest_unconfigure() -> None:
    with Path(os.environ[FILE]).open("a") as file:
        file.writelines(f"{statement}\n" for statement in sorted(statements))


def read(path: str) -> set[str]:
    return set(Path(path).read_text().splitlines())


def main() -> None:
    if sys.argv[1] == "--compare":
        everything, some = map(read, sys.argv[2:4])
        for statement in sorted(everything - some):
            print(statement)
        print(f"{len(everything & some)} of {len(everything)} statements")
        return
    path, *arguments = sys.argv[1:]
    os.environ[FILE] = str(Path(path).absolute())
    Path(path).write_text("")
    pytest.main(["-p", "tests.bench.statements", "-q", *arguments])
    print(f"{len(read(path))} statements")


if __name__ == "__main__":
    main()
