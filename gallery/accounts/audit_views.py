"""The audit log at the desk. Keepers see all entries, curators only entries with certain verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_curator
from gallery.accounts.models import Person
from gallery.audit.models import Entry
from gallery.audit.verbs import KIND_WORDS, VERB_WORDS, VERBS_FOR_CURATORS, Verb, kind_of
from gallery.clock import start_of_day
from gallery.db.connection import QuerySet
from gallery.numbers import whole_number
from gallery.web.forms import one_line
from gallery.web.rendering import render

ENTRIES_PER_PAGE = 60
MAX_MATCHING_PEOPLE = 50  # a search by name finds at most this many people

# Kind of thing → route of its page. Contains only kinds whose page every reader of the log may open.
ROUTE_OF_KIND = {
    "work": "reviews:new",
    "theme": "themes:edit",
    "exhibition": "exhibitions:show",
    "organisation": "organisations:edit",
    "application": "applications:show",
    "report": "reports:show",
    "mail": "outbox:show",
}


@dataclass(frozen=True)
class AuditLogFilter:
    """The query parameters of the audit log's search; invalid values are ignored."""

    who: str = ""
    kind: str = ""
    thing: int | None = None
    verb: str = ""
    day: date | None = None
    before: int | None = None  # only entries with a smaller id; for the next page

    @classmethod
    def of(cls, parameters: QueryParams) -> AuditLogFilter:
        kind, verb = parameters.get("kind", ""), parameters.get("verb", "")
        return cls(
            who=one_line(parameters.get("who", ""))[:80],
            kind=kind if kind in KIND_WORDS else "",
            thing=whole_number(parameters.get("thing", "")),
            verb=verb if verb in set(Verb) else "",
            day=_date_from(parameters.get("day", "")),
            before=whole_number(parameters.get("before", "")),
        )

    @property
    def query(self) -> str:
        """The query string of the search without `before`, for the link to the next page."""
        values = {"who": self.who, "kind": self.kind, "thing": self.thing, "verb": self.verb, "day": self.day}
        return urlencode({name: value for name, value in values.items() if value})

    async def entries(self, reader: Person) -> QuerySet[Entry]:
        """The matching entries that `reader` may read, newest first."""
        entries = Entry.all() if reader.is_keeper else Entry.filter(verb__in=list(VERBS_FOR_CURATORS))
        if self.who:
            named = Person.filter(name__icontains=self.who).order_by("id").limit(MAX_MATCHING_PEOPLE)
            entries = entries.filter(person_id__in=list(await named.values_list("id", flat=True)))
        if self.kind:
            entries = entries.filter(kind=self.kind)
        if self.thing is not None:
            entries = entries.filter(thing_id=self.thing)
        if self.verb:
            entries = entries.filter(verb=self.verb)
        if self.day is not None:
            entries = entries.filter(
                at__gte=start_of_day(self.day), at__lt=start_of_day(self.day + timedelta(days=1))
            )
        if self.before is not None:
            entries = entries.filter(id__lt=self.before)
        return entries.order_by("-id")


def _date_from(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day < date(9000, 1, 1) else None


async def index(request: Request) -> Response:
    """A keeper or curator reads the audit log."""
    reader = await load_curator(request)
    filters = AuditLogFilter.of(request.query_params)
    entries = await (await filters.entries(reader)).limit(ENTRIES_PER_PAGE + 1)
    shown = entries[:ENTRIES_PER_PAGE]
    names = await Person.filter(id__in=[each.person_id for each in shown if each.person_id]).values_list(
        "id", "name"
    )
    readable = [verb for verb in Verb if reader.is_keeper or verb in VERBS_FOR_CURATORS]
    context: dict[str, Any] = {
        "entries": shown,
        "names": dict(names),
        "filters": filters,
        "last": shown[-1].id if len(entries) > ENTRIES_PER_PAGE else None,
        "verb_words": VERB_WORDS,
        "kind_words": KIND_WORDS,
        "verbs": readable,
        "kinds": [kind for kind in KIND_WORDS if any(kind_of(verb) == kind for verb in readable)],
        "pages": ROUTE_OF_KIND,
        "verbs_for_curators": VERBS_FOR_CURATORS,
    }
    return render(request, "audit/index.html", context)


routes = [Route("/desk/log", index, name="audit:index", methods=["GET"])]
