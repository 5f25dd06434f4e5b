"""Lighthouse's scores of the pages on which visitors arrive, and the weight of an exhibition of sixty works.

`python -m tests.bench.lighthouse ADDRESS [LOOKS]`, where a site is served, such as the demo. Lighthouse comes
from the npm registry, pinned by tests/npm/lighthouse, and uses Debian's chromium with the settings of a
mid-range phone. Runs differ by several points, so it prints the median of LOOKS runs, and the lowest and
highest performance:
https://github.com/GoogleChrome/lighthouse/blob/main/docs/variability.md
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import brotli
import httpx
from rich.console import Console
from rich.table import Table

from tests.browser.conftest import CHROMIUM
from tests.npm import modules, run_node

LOOKS = 5
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
METRICS = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
    "cumulative-layout-shift": "shift",
}


def pages_of(address: str) -> dict[str, str]:
    """Home, the first exhibition and the first work that it leads to, and a search."""
    home = httpx.get(f"{address}/zh/").text
    exhibition = re.search(r'href="(/zh/exhibitions/[^"?]+)"', home)
    work = re.search(r'href="(/zh/works/[^"]+)"', home)
    if not exhibition or not work:
        sys.exit("No exhibition is open there.")
    return {"home": "/zh/", "exhibition": exhibition[1], "work": work[1], "search": "/zh/search"}


def measure(url: str, folder: Path, looks: int) -> dict[str, str]:
    """One page's scores (of 100) and measurements (ms; layout shift without unit)."""
    reports = [look(url, folder) for _ in range(looks)]
    scores = {
        name: sorted(round(100 * report["categories"][name]["score"]) for report in reports)
        for name in CATEGORIES
    }
    lacking = [
        name
        for report in reports
        for category in report["categories"].values()
        for name in (each["id"] for each in category["auditRefs"] if each["weight"])
        if (report["audits"][name]["score"] or 0) < 0.9 and report["audits"][name]["score"] is not None
    ]
    return {
        **{name: f"{statistics.median_low(found)}" for name, found in scores.items()},
        "range": f"{scores['performance'][0]}–{scores['performance'][-1]}",
        **{
            word: f"{statistics.median(report['audits'][name]['numericValue'] for report in reports):.4g}"
            for name, word in METRICS.items()
        },
        "lacking": ", ".join(dict.fromkeys(lacking)),
    }


def look(url: str, folder: Path) -> dict[str, Any]:
    """Lighthouse's report on one page."""
    report_path = folder / "told.json"
    os.environ["CHROME_PATH"] = CHROMIUM or ""
    done = run_node(
        modules("lighthouse") / "lighthouse" / "cli" / "index.js",
        url,
        "--quiet",
        "--output=json",
        f"--output-path={report_path}",
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    )
    if done.returncode:
        sys.exit(done.stderr)
    report: dict[str, Any] = json.loads(report_path.read_text())
    return report


def weigh(address: str, path: str) -> dict[str, int]:
    """Bytes of a page, of its style sheets and of its scripts, as brotli."""
    page = httpx.get(address + path).text
    weights = {"HTML": len(brotli.compress(page.encode())), "CSS": 0, "JavaScript": 0}
    for kind, pattern in (
        ("CSS", r'<link rel="stylesheet" href="([^"]+)"'),
        ("JavaScript", r'<script[^>]+src="([^"]+)"'),
    ):
        for found in re.findall(pattern, page):
            weights[kind] += len(brotli.compress(httpx.get(address + found).content))
    return weights


def main(address: str, looks: int) -> None:
    console = Console(width=190)
    table = Table("page", *CATEGORIES, "range", *METRICS.values(), "lacking", "HTML", "CSS", "JavaScript")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in pages_of(address).items():
            found, weights = measure(address + path, Path(folder), looks), weigh(address, path)
            table.add_row(name, *found.values(), *(f"{bytes_:,}" for bytes_ in weights.values()))
    console.print(table)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1].rstrip("/"), int(sys.argv[2]) if len(sys.argv) == 3 else LOOKS)
