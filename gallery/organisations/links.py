"""The links of projects: which are dead, and when each is checked next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tortoise.expressions import Q

from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.organisations.link_check import Unreachable, final_status, is_alive
from gallery.organisations.models import LINK_FIELDS, CheckedLink, LinkState, Project
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l

LEASE = timedelta(minutes=5)
MAX_FAILURES = 3  # consecutive failures after which a link counts as dead
RETRY_DELAYS = [
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
]  # pauses after the first failure, the second, and so on
CHECK_INTERVAL = timedelta(days=1)  # pause after a successful check

PROBLEM_WORDS: Mapping[str, Any] = {
    "name": _l("there is no such address"),
    "private": _l("the address is not on the open network"),
    "refused": _l("there is no answer"),
    "slow": _l("it does not answer in time"),
    "certificate": _l("its certificate is not valid"),
    "redirect": _l("it redirects in circles"),
    "not_http": _l("the answer is not a web page"),
}


@dataclass(frozen=True)
class DeadLink:
    url: str
    problem: str  # why the link is dead: a phrase in the reader's language


async def find_dead_links(urls: Collection[str]) -> dict[str, DeadLink]:
    """The dead links among `urls`, by URL; one query."""
    rows = await CheckedLink.filter(url__in=list(urls), state=LinkState.DEAD) if urls else []
    return {row.url: DeadLink(row.url, problem_words(row.answer)) for row in rows}


def problem_words(answer: str) -> str:
    words = PROBLEM_WORDS.get(answer)
    return str(words) if words else _("it answers %(status)s") % {"status": answer}


async def dead_links_of(projects: Collection[Project]) -> list[tuple[Project, list[DeadLink]]]:
    """Each project that has dead links, with these links; one query."""
    dead = await find_dead_links({url for project in projects for url in project.links.values()})
    with_dead_links = [(each, [dead[url] for url in each.links.values() if url in dead]) for each in projects]
    return [(project, links) for project, links in with_dead_links if links]


async def projects_with_dead_links() -> list[tuple[Project, list[DeadLink]]]:
    """Every project of the site that has dead links, with these links; at most three queries."""
    urls: list[Any] = await CheckedLink.filter(state=LinkState.DEAD).values_list("url", flat=True)
    if not urls:
        return []
    return await dead_links_of(await Project.filter(has_link(urls)).order_by("id"))


def has_link(urls: Collection[str]) -> Q:
    """The condition on projects that one of their links is among `urls`."""
    lookups: list[dict[str, Any]] = [{f"{name}__in": list(urls)} for name in LINK_FIELDS]
    return Q(*(Q(**lookup) for lookup in lookups), join_type="OR")


async def register_links(others: Collection[str] = ()) -> None:
    """Register all links of projects, and the URLs `others`, for checking.

    Remove links that are no longer used.
    """
    used = set(others)
    for row in await Project.all().values_list(*LINK_FIELDS):
        used.update(url for url in row if url)
    registered = set(await CheckedLink.all().values_list("url", flat=True))
    new = [CheckedLink(url=url, next_check_at=now()) for url in sorted(used - registered)]
    if new:
        await CheckedLink.bulk_create(new, ignore_conflicts=True)
    if registered - used:
        await CheckedLink.filter(url__in=list(registered - used)).delete()


async def check_next_link(*, private_too: bool) -> bool:
    """Check the link that has been due longest; False if no link is due.

    Visitors see a changed result at once.
    """
    async with in_transaction():
        due = CheckedLink.filter(next_check_at__lte=now()).order_by("next_check_at", "id").limit(1)
        link: CheckedLink | None = await locked(due, skip_locked=True).first()
        if link is None:
            return False
        link.next_check_at = now() + LEASE  # time of the next check if this worker is killed
        await link.save(update_fields=["next_check_at"])
    try:
        status = await final_status(link.url, private_too=private_too)
        works, answer = is_alive(status), str(status)
    except Unreachable as unreachable:
        works, answer = False, unreachable.reason
    await _save_result(link, works, answer)
    return True


async def _save_result(link: CheckedLink, works: bool, answer: str) -> None:
    before = link.state
    link.answer, link.checked_at = answer, now()
    link.failures = 0 if works else link.failures + 1
    if works:
        link.state = LinkState.WORKING
        link.next_check_at = now() + CHECK_INTERVAL
    else:
        if link.failures >= MAX_FAILURES:
            link.state = LinkState.DEAD
        link.next_check_at = now() + RETRY_DELAYS[min(link.failures, len(RETRY_DELAYS)) - 1]
    async with in_transaction():
        await link.save(update_fields=["state", "answer", "checked_at", "failures", "next_check_at"])
        if LinkState.DEAD in {before, link.state} and before != link.state:
            await content_version.bump(rows=())
