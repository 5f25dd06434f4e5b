"""Credits, talks and blocks of an exhibition at the curator's desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.exhibitions.access import load_exhibition
from gallery.exhibitions.blocks import blocks_of, hung_labels
from gallery.exhibitions.credit_logo_views import desk_logos
from gallery.exhibitions.credits import credits_of, supporters_of
from gallery.exhibitions.draft_lists import (
    ListName,
    NoSuchEntry,
    add_entry,
    change_entry,
    move_entry,
    remove_entry,
)
from gallery.exhibitions.drafts import DraftChangeRefused, draft_of
from gallery.exhibitions.entries import read_entry
from gallery.exhibitions.forms import BlockForm, CreditForm, TalkForm, as_typed
from gallery.exhibitions.models import Exhibition
from gallery.exhibitions.talks import talks_of
from gallery.exhibitions.views import add_conflict_errors, digests_of_added, seen_in
from gallery.numbers import whole_number
from gallery.organisations.links import find_dead_links
from gallery.supporters.models import Supporter, SupporterState
from gallery.web.edit_conflicts import EditConflict, format_digests, seen_field
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render
from gallery.web.texts import by_language

EntryForm = CreditForm | TalkForm | BlockForm
MAX_SUPPORTERS_LISTED = 300  # the newest


@dataclass(frozen=True)
class EntryListViews:
    """The pages of one list: credits, talks or blocks.

    `form`: the form of one entry. `read`: a function that parses the stored entries.
    """

    name: ListName
    form: type[EntryForm]
    read: Any
    more_context: Callable[
        [Request, Exhibition, list[Any]], Awaitable[dict[str, Any]]
    ]  # adds values to the page's template context
    form_options: Callable[[Exhibition], Awaitable[dict[str, Any]]] | None = (
        None  # what each form needs to know
    )

    async def index(self, request: Request) -> Response:
        """A curator sees the entries of a draft's list, each with its form."""
        _person, exhibition = await load_exhibition(request)
        return await self._page(request, exhibition)

    async def create(self, request: Request) -> Response:
        """A curator adds an entry."""
        person, exhibition = await load_exhibition(request)
        form = self.form(await read_desk_form(request), prefix="new", **await self._options(exhibition))
        if not form.validate():
            return await self._page(request, exhibition, new=form)
        try:
            key = await add_entry(exhibition, self.name, form.entry_values(), person)
        except DraftChangeRefused as refusal:
            return await self._page(request, exhibition, new=form, refusal=str(refusal))
        return self._back(request, exhibition, key, _("Saved in the draft."))

    async def update(self, request: Request) -> Response:
        """A curator changes an entry. Fields that only somebody else has changed keep that change."""
        person, exhibition = await load_exhibition(request)
        key, posted = request.path_params["key"], await read_desk_form(request)
        form = self.form(posted, prefix=key, **await self._options(exhibition))
        if not form.validate():
            return await self._page(request, exhibition, refused=(key, form), seen=seen_in(posted))
        try:
            typed = as_typed(form, form.entry_values())
            await change_entry(exhibition, self.name, key, typed, person, seen_in(posted))
        except NoSuchEntry as error:
            raise HTTPException(404) from error
        except EditConflict as conflict:
            seen = add_conflict_errors(form, conflict, seen_in(posted))
            return await self._page(request, exhibition, refused=(key, form), seen=seen)
        return self._back(request, exhibition, key, _("Saved in the draft."))

    async def delete(self, request: Request) -> Response:
        """A curator removes an entry from the draft."""
        person, exhibition = await load_exhibition(request)
        try:
            await remove_entry(exhibition, self.name, request.path_params["key"], person)
        except NoSuchEntry as error:
            raise HTTPException(404) from error
        return self._back(request, exhibition, "", _("Removed from the draft."))

    async def move(self, request: Request) -> Response:
        """A curator moves an entry up or down."""
        person, exhibition = await load_exhibition(request)
        key = request.path_params["key"]
        to = whole_number((await read_desk_form(request)).get("position", "")) or 0
        try:
            await move_entry(exhibition, self.name, key, to, person)
        except NoSuchEntry as error:
            raise HTTPException(404) from error
        return self._back(request, exhibition, key)

    async def _page(
        self,
        request: Request,
        exhibition: Exhibition,
        *,
        new: EntryForm | None = None,
        refused: tuple[str, EntryForm] | None = None,
        seen: Mapping[str, str] | None = None,
        refusal: str = "",
    ) -> Response:
        """The page of the list.

        If a form was refused, the status is 422 and the page keeps what was typed, with the digests `seen`.
        """
        draft, options = await draft_of(exhibition), await self._options(exhibition)
        stored = getattr(draft, self.name)
        entries = self.read(stored)
        forms = {entry.key: self.form(prefix=entry.key, obj=entry, **options) for entry in entries}
        digests = {
            entry["key"]: seen_field(by_language(read_entry(entry), forms[entry["key"]].languages))
            for entry in stored or ()
        }
        if refused:
            if refused[0] not in forms:  # somebody else removed the entry
                raise HTTPException(404)
            forms[refused[0]] = refused[1]
            digests[refused[0]] = format_digests({**digests_of_added([refused[1]]), **(seen or {})})
        context = {
            **await self.more_context(request, exhibition, entries),
            "exhibition": exhibition,
            "draft": draft,
            "entries": entries,
            "forms": forms,
            "seen": digests,
            "new_form": new or self.form(prefix="new", **options),
            **options,
            "refusal": refusal,
        }
        status = 422 if new or refused else 200
        return render(request, f"exhibitions/{self.name}.html", context, status=status)

    async def _options(self, exhibition: Exhibition) -> dict[str, Any]:
        return await self.form_options(exhibition) if self.form_options else {}

    def _back(self, request: Request, exhibition: Exhibition, key: str, message: str = "") -> Response:
        fragment = f"entry-{key}" if key else ""
        response = redirect(request, f"{self.name}:index", id=exhibition.id, fragment=fragment)
        if message:
            flash(request, response, message)
        return response

    def routes(self) -> list[Route]:
        path = f"/desk/exhibitions/{{id:int}}/{self.name}"
        entry = f"{path}/{{key:name}}"
        return [
            Route(path, self.index, name=f"{self.name}:index", methods=["GET"]),
            Route(path, self.create, name=f"{self.name}:create", methods=["POST"]),
            Route(entry, self.update, name=f"{self.name}:update", methods=["POST"]),
            Route(f"{entry}/deletion", self.delete, name=f"{self.name}:delete", methods=["POST"]),
            Route(f"{entry}/position", self.move, name=f"{self.name}:move", methods=["POST"]),
        ]


async def _credits_context(request: Request, exhibition: Exhibition, credits: list[Any]) -> dict[str, Any]:
    can_be_named = Supporter.filter(state__in=[SupporterState.WAITING, SupporterState.AGREED])
    return {
        "supporters": await supporters_of(credits, is_desk=True),
        "can_be_named": await can_be_named.order_by("-id").limit(MAX_SUPPORTERS_LISTED),
        "logos": await desk_logos(request, exhibition, credits),
        "dead": await find_dead_links({credit.link for credit in credits if credit.link}),
    }


async def _empty_context(_request: Request, _exhibition: Exhibition, _entries: list[Any]) -> dict[str, Any]:
    return {}


async def _hung_works(exhibition: Exhibition) -> dict[str, Any]:
    return {"works": await hung_labels(await draft_of(exhibition))}


CREDIT_VIEWS = EntryListViews("credits", CreditForm, credits_of, _credits_context)
TALK_VIEWS = EntryListViews("talks", TalkForm, talks_of, _empty_context)
BLOCK_VIEWS = EntryListViews("blocks", BlockForm, blocks_of, _empty_context, _hung_works)

routes = [*CREDIT_VIEWS.routes(), *TALK_VIEWS.routes(), *BLOCK_VIEWS.routes()]
