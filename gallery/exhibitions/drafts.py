"""Building and publishing an exhibition: curators change its draft, and published editions never change.

Each function is one transaction that locks the exhibition's row, so concurrent changes are serialised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tortoise.expressions import F
from tortoise.models import Model

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, Status, edition_has_opened, edition_is_not_replaced
from gallery.audit.recording import AUTOSAVE_WINDOW, record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.exhibitions.announcements import notify_of_hanging
from gallery.exhibitions.arrangements import FROZEN_FIELDS, Arrangement, arrangement_of, create_rooms
from gallery.exhibitions.comparison import compare
from gallery.exhibitions.first_showings import date_first_showings
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.exhibitions.room_rules import FilledRoom, fill_rooms, work_ids_of
from gallery.themes.models import Theme
from gallery.web.edit_conflicts import Digests, EditConflict, compare_edits
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.page_keys import EXHIBITIONS, edition_key, keys_of_editions
from gallery.web.texts import by_language, split_field_name, with_words


class DraftChangeRefused(Exception):
    """The draft cannot be changed like that; `sentence` says why and what to do."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class NotHangable(DraftChangeRefused):
    """The work cannot be hung there."""


class NotPublishable(DraftChangeRefused):
    """The draft lacks something that an edition needs."""


async def create_exhibition(slug: str, by: Person, *, theme: Theme | None = None, **draft: Any) -> Exhibition:
    """Create an exhibition, and its draft with the fields `draft`.

    Raises IntegrityError for a slug in use.
    """
    async with in_transaction():
        exhibition = await Exhibition.create(slug=slug, theme=theme, created_by=by)
        await Edition.create(exhibition=exhibition, **draft)
        await record(Verb.EXHIBITION_MADE, exhibition.id, by=by)
    return exhibition


async def draft_of(exhibition: Exhibition) -> Edition:
    """The draft edition of the exhibition; created if there is none yet."""
    draft = await Edition.get_or_none(exhibition_id=exhibition.id, number__isnull=True)
    if draft is not None:
        return draft
    async with in_transaction():
        await lock_exhibition(exhibition.id)
        return await Edition.get_or_none(
            exhibition_id=exhibition.id, number__isnull=True
        ) or await Edition.create(exhibition=exhibition)


async def change_draft(
    exhibition: Exhibition,
    theme: Theme | None,
    *,
    by: Person | None = None,
    seen: Digests | None = None,
    **draft: Any,
) -> None:
    """Set fields of the draft, and the exhibition's theme, which visitors see at once.

    A text may be given in all languages, or in one: `title[bo]`.

    `seen`: digests of the fields, including `theme`, as the page showed them. Raises EditConflict.
    """
    edition = await draft_of(exhibition)
    async with in_transaction():
        locked_exhibition = await lock_exhibition(exhibition.id)
        await edition.refresh_from_db()
        current = values_of(edition, draft) | {"theme": str(locked_exhibition.theme_id or "")}
        typed = draft | {"theme": str(theme.id) if theme else ""}
        changed = await changed_fields(edition.id, seen or {}, current, typed)
        is_new_theme = changed.pop("theme", current["theme"]) != current["theme"]
        if changed:
            await Edition.filter(id=edition.id).update(**changed)
        await mark_changed(edition.id, by)
        await record(Verb.EXHIBITION_CHANGED, exhibition.id, by=by, once_in=AUTOSAVE_WINDOW)
        if is_new_theme:
            locked_exhibition.theme = theme
            await locked_exhibition.save(update_fields=["theme_id"])
            await content_version.bump(rows=[edition_key(edition.id)])


async def add_room(edition: Edition, *, by: Person | None = None, **texts: Any) -> Room:
    """Add a room at the end of a draft. `texts`: ROOM_FIELDS."""
    async with in_transaction():
        await lock_exhibition(edition.exhibition_id)
        await _check_draft(edition.id)
        await mark_changed(edition.id, by)
        rooms = await Room.filter(edition_id=edition.id).count()
        room = await Room.create(edition_id=edition.id, position=rooms + 1, **texts)
        await record(Verb.EXHIBITION_ROOM_MADE, edition.exhibition_id, with_id=room.id, by=by)
        return room


async def change_room(
    room: Room, *, by: Person | None = None, seen: Digests | None = None, **texts: Any
) -> None:
    """Set ROOM_FIELDS of a draft's room. `seen` as for `change_draft`. Raises EditConflict."""
    async with in_transaction():
        edition = await _check_draft(room.edition_id)
        await lock_exhibition(edition.exhibition_id)
        await _save_changed(room, edition.id, texts, seen or {})
        await mark_changed(edition.id, by)
        await record(
            Verb.EXHIBITION_ROOM_CHANGED,
            edition.exhibition_id,
            with_id=room.id,
            by=by,
            once_in=AUTOSAVE_WINDOW,
        )


async def change_caption(
    hanging: Hanging, *, by: Person | None = None, seen: Digests | None = None, **texts: Any
) -> None:
    """Set the caption or sentence of a work in this room only. `seen` as for `change_draft`.

    Raises EditConflict. Raises NotHangable for a withdrawn work, whose texts are erased and must not come
    back.
    """
    async with in_transaction():
        room = await Room.get_or_none(id=hanging.room_id)
        if room is None:  # the room was deleted with its hangings
            return
        edition = await _check_draft(room.edition_id)
        await lock_exhibition(edition.exhibition_id)
        work = await locked(Artwork.filter(id=hanging.artwork_id)).get()
        if work.status == Status.WITHDRAWN:
            raise NotHangable(_l("Its consent was withdrawn, so it cannot be changed."))
        await _save_changed(hanging, edition.id, texts, seen or {})
        await mark_changed(edition.id, by)
        await record(
            Verb.EXHIBITION_CAPTION_CHANGED, edition.exhibition_id, with_id=hanging.artwork_id, by=by
        )


async def add_exclusion(room: Room, artwork: Artwork, *, by: Person | None = None) -> None:
    """Keep a work out of a room whose rule would hang it."""
    async with in_transaction():
        edition = await _lock_draft(room, by)
        await room.refresh_from_db(fields=["without"])
        await Room.filter(id=room.id).update(without=sorted({*(room.without or []), artwork.id}))
        await record(Verb.EXHIBITION_WORK_LEFT_OUT, edition.exhibition_id, with_id=artwork.id, by=by)


async def remove_exclusion(room: Room, artwork: Artwork, *, by: Person | None = None) -> None:
    """Let the room's rule decide again whether a work hangs."""
    async with in_transaction():
        edition = await _lock_draft(room, by)
        await room.refresh_from_db(fields=["without"])
        await Room.filter(id=room.id).update(without=[id for id in room.without or [] if id != artwork.id])
        await record(Verb.EXHIBITION_WORK_LET_IN, edition.exhibition_id, with_id=artwork.id, by=by)


async def close_room(room: Room, *, by: Person | None = None) -> None:
    """Delete a room of a draft, with everything that hangs in it."""
    async with in_transaction():
        edition = await _lock_draft(room, by)
        await Room.filter(id=room.id).delete()
        await record(Verb.EXHIBITION_ROOM_CLOSED, edition.exhibition_id, with_id=room.id, by=by)
        await _renumber(await Room.filter(edition_id=room.edition_id))


async def move_room(room: Room, to: int, *, by: Person | None = None) -> None:
    """Move a room to the place `to`, counted from 1; a number that is too large means the last place."""
    async with in_transaction():
        edition = await _lock_draft(room, by)
        await _renumber(_reordered(await Room.filter(edition_id=room.edition_id), room.id, to))
        await record(Verb.EXHIBITION_ROOM_MOVED, edition.exhibition_id, with_id=room.id, by=by)


async def hang(room: Room, artwork: Artwork, by: Person) -> Hanging:
    """Hang an accepted work at the end of a draft's room; at most once in the whole edition.

    Raises NotHangable.
    """
    if not by.is_curator:
        raise NotHangable(_l("Works are hung by curators."))
    async with in_transaction():
        edition = await _lock_draft(room, by)
        if not await Room.exists(id=room.id):
            raise NotHangable(_l("This room has just been removed. Please choose another."))
        work = await locked(Artwork.filter(id=artwork.id)).get()
        if not work.may_hang:
            raise NotHangable(_l("Only works that are accepted and not taken off view can be hung."))
        if await Hanging.exists(room__edition_id=room.edition_id, artwork_id=work.id):
            raise NotHangable(_l("This work already hangs in the exhibition."))
        count = await Hanging.filter(room_id=room.id).count()
        await record(Verb.EXHIBITION_WORK_HUNG, edition.exhibition_id, with_id=work.id, by=by)
        return await Hanging.create(room_id=room.id, artwork_id=work.id, position=count + 1)


async def take_down(hanging: Hanging, *, by: Person | None = None) -> None:
    """Take a work out of a draft's room, if it still hangs there."""
    async with in_transaction():
        room = await Room.get_or_none(id=hanging.room_id)
        if room is None:  # the room was deleted with its hangings
            return
        edition = await _lock_draft(room, by)
        await Hanging.filter(id=hanging.id).delete()
        await record(
            Verb.EXHIBITION_WORK_TAKEN_DOWN, edition.exhibition_id, with_id=hanging.artwork_id, by=by
        )
        await _renumber(await Hanging.filter(room_id=room.id))


async def move_hanging(
    hanging: Hanging, to: int, *, into: Room | None = None, by: Person | None = None
) -> None:
    """Move a work to the place `to` of its room or of the room `into`.

    Places count from 1; a number that is too large means the last place.
    """
    async with in_transaction():
        room = await Room.get_or_none(id=hanging.room_id)
        if room is None:  # the room was deleted with its hangings
            return
        edition = await _lock_draft(room, by)
        if (
            into is not None
            and into.id != room.id
            and await Room.exists(id=into.id, edition_id=room.edition_id)
        ):
            await Hanging.filter(id=hanging.id).update(room_id=into.id)
            await _renumber(await Hanging.filter(room_id=room.id))
            room = into
        await _renumber(_reordered(await Hanging.filter(room_id=room.id), hanging.id, to))
        await record(Verb.EXHIBITION_WORK_MOVED, edition.exhibition_id, with_id=hanging.artwork_id, by=by)


async def publish(exhibition: Exhibition, by: Person) -> Edition:
    """Freeze the draft into a new edition, which visitors see from its opening. Raises NotPublishable.

    Until the opening, visitors see the current edition. A planned edition is replaced. Works that are no
    longer accepted are left out. Works whose consent is not in force are hung, but not shown until it is.
    """
    draft = await draft_of(exhibition)
    async with in_transaction():
        await lock_exhibition(exhibition.id)
        await draft.refresh_from_db()
        rooms = await fill_rooms(draft)
        _check_publishable(draft, rooms)
        numbered = Edition.filter(exhibition_id=exhibition.id, number__not_isnull=True)
        last = await numbered.order_by("-number").first()
        current = (
            await numbered.filter(edition_is_not_replaced())
            .order_by("-number")
            .prefetch_related("published_by")
        )
        hung_before, shown_before = set[int](), set[int]()
        for replaced in current:
            hung_there = (await arrangement_of(replaced)).work_ids
            hung_before.update(hung_there)
            shown_before.update(hung_there if replaced.is_shown() else ())
        if current:
            await _check_differs(draft, rooms, current[0])
        await _end_replaced_editions(exhibition, draft.opens_at)
        edition = await Edition.create(
            exhibition_id=exhibition.id,
            number=((last.number or 0) if last else 0) + 1,
            is_current=True,
            published_at=now(),
            published_by=by,
            **{name: getattr(draft, name) for name in FROZEN_FIELDS},
        )
        await create_rooms(edition, rooms)
        await date_first_showings([edition.id, *(each.id for each in current)])
        await record(Verb.EXHIBITION_PUBLISHED, exhibition.id, with_id=edition.number, by=by)
        hung = work_ids_of(rooms)
        await notify_of_hanging(exhibition, edition, hung - hung_before)
        # Until a planned edition opens, the same works stay on view. Its opening drops all pages from the
        # caches.
        staying = shown_before & hung if edition.is_shown() else shown_before | hung
        ids = [edition.id, *(each.id for each in current)]
        await content_version.bump(await keys_of_editions(ids, staying) | {EXHIBITIONS})
    return edition


async def unpublish(exhibition: Exhibition, by: Person) -> bool:
    """Take an exhibition off the site, keeping editions and draft; returns whether it was on the site."""
    if not by.is_curator:
        raise NotPublishable(_l("Exhibitions are closed by curators."))
    async with in_transaction():
        await lock_exhibition(exhibition.id)
        editions = Edition.filter(exhibition_id=exhibition.id)
        shown = [edition.id for edition in await editions.filter(edition_is_not_replaced()).only("id")]
        taken = await _end_editions(editions)
        if taken:
            await date_first_showings(shown)
            await record(Verb.EXHIBITION_UNPUBLISHED, exhibition.id, by=by)
            await content_version.bump(await keys_of_editions(shown) | {EXHIBITIONS})
    return bool(taken)


async def cancel_planned(exhibition: Exhibition, by: Person) -> bool:
    """Cancel the planned edition; returns whether there was one. The edition that visitors see stays."""
    async with in_transaction():
        await lock_exhibition(exhibition.id)
        editions = Edition.filter(exhibition_id=exhibition.id, is_current=True)
        planned = await editions.filter(opens_at__gt=now()).first()
        if planned is None:
            return False
        await _end_editions(editions.filter(id=planned.id))
        await editions.filter(shown_until=planned.opens_at).update(shown_until=None)
        await date_first_showings([planned.id])
        await record(Verb.EXHIBITION_PLAN_CANCELLED, exhibition.id, with_id=planned.number, by=by)
        await content_version.bump(rows=())
    return True


async def _end_replaced_editions(exhibition: Exhibition, opens_at: datetime | None) -> None:
    """Set when the editions that a new one replaces end: now, or at the new one's opening if that is later.

    Until then the current edition stays on the site.
    """
    editions = Edition.filter(exhibition_id=exhibition.id)
    if opens_at is None or opens_at <= now():
        await _end_editions(editions)
        return
    shown = await editions.filter(edition_has_opened()).first()
    await _end_editions(editions.exclude(id=shown.id if shown else 0))
    if shown is not None:
        await Edition.filter(id=shown.id).update(shown_until=opens_at)


async def _end_editions(editions: QuerySet[Edition]) -> int:
    """End the published editions among `editions` now. Returns how many of them had not been replaced yet."""
    ended = await editions.filter(edition_is_not_replaced()).update(is_current=False, shown_until=now())
    await editions.filter(is_current=True).update(is_current=False)
    return ended


def _check_publishable(draft: Edition, rooms: Sequence[FilledRoom]) -> None:
    if not draft.title:
        raise NotPublishable(_l("Please give the exhibition a title in at least one language, and save it."))
    if draft.opens_at is None:
        raise NotPublishable(_l("Please say when the exhibition opens, and save it."))
    if draft.closes_at is not None and draft.closes_at <= draft.opens_at:
        raise NotPublishable(
            _l("The exhibition closes before it opens. Please change one of the two, and save it.")
        )
    if not any(room.works for room in rooms):
        raise NotPublishable(
            _l("Nothing hangs yet. Please make a room and hang at least one accepted work in it.")
        )
    for number, room in enumerate(rooms, 1):
        if not room.works:
            raise NotPublishable(
                _(
                    "Nothing would hang in room %(number)s. Please hang an accepted work there, let its rule match "
                    "some, or close the room."
                )
                % {"number": number}
            )


async def _check_differs(draft: Edition, rooms: Sequence[FilledRoom], latest: Edition) -> None:
    """Raise NotPublishable if the draft equals the latest edition, for example if two curators publish at once."""
    values = {name: getattr(draft, name) for name in FROZEN_FIELDS}
    if compare(await arrangement_of(latest), Arrangement(values, rooms)).is_none:
        sentence = (
            _(
                "This is already published: it is edition %(number)s, which %(who)s published and which opens "
                "later."
            )
            if latest.is_planned()
            else _("Visitors already see exactly this: it is edition %(number)s, which %(who)s published.")
        )
        who = latest.published_by.name if latest.published_by else _("Somebody")
        raise NotPublishable(f"{sentence % {'number': latest.number, 'who': who}} {_('Nothing was done.')}")


async def lock_exhibition(exhibition_id: int) -> Exhibition:
    exhibition: Exhibition = await locked(Exhibition.filter(id=exhibition_id)).get()
    return exhibition


async def _check_draft(edition_id: int) -> Edition:
    """The edition with this id. Raises DraftChangeRefused if it is published: it cannot change."""
    edition = await Edition.get(id=edition_id)
    if not edition.is_draft:
        raise DraftChangeRefused(
            _l("A published edition does not change. Please change the draft and publish again.")
        )
    return edition


async def _lock_draft(room: Room, by: Person | None = None) -> Edition:
    edition = await _check_draft(room.edition_id)
    await lock_exhibition(edition.exhibition_id)
    await mark_changed(edition.id, by)
    return edition


async def mark_changed(edition_id: int, by: Person | None) -> None:
    """Save that a draft changed, and by whom, so that pages which other curators have open can show it."""
    await Edition.filter(id=edition_id).update(version=F("version") + 1, changed_by_id=by.id if by else None)


async def changed_fields(
    draft_id: int, seen: Digests, current: Mapping[str, Any], typed: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of `current` that the sender of the form changed, with their new values.

    The languages of a text are compared one by one, as `title[bo]`; languages that are not in `typed` stay
    unchanged. Raises EditConflict if saving would overwrite somebody else's change.
    """
    stored = by_language(current)
    compared = compare_edits(seen, stored, by_language(typed))
    if compared.conflicts:
        draft = await Edition.get(id=draft_id).select_related("changed_by")
        by = draft.changed_by.name if draft.changed_by else ""
        raise EditConflict({name: stored.get(name, "") for name in compared.conflicts}, by)
    return with_words(current, compared.changed)


def values_of(record: Model, names: Iterable[str]) -> dict[str, Any]:
    """The values of a record for these fields, such as `layout` or `title[bo]`, by column."""
    columns = dict.fromkeys(split_field_name(name)[0] for name in names)
    return {column: getattr(record, column) for column in columns}


async def _save_changed(
    record: Room | Hanging, draft_id: int, typed: Mapping[str, Any], seen: Digests
) -> None:
    """Save the fields that the sender of a form changed. Raises EditConflict."""
    model: type[Room | Hanging] = type(record)
    stored = await model.get_or_none(id=record.id)
    if stored is None:  # the room was deleted or the work taken down in the meantime
        return
    if changed := await changed_fields(draft_id, seen, values_of(stored, typed), typed):
        await model.filter(id=record.id).update(**changed)


def _reordered(rows: Sequence[Any], id: int, to: int) -> list[Any]:
    """`rows` with the row `id` moved to the place `to`, counted from 1: [a b c d], b to 4 → [a c d b]."""
    others = [row for row in rows if row.id != id]
    place = min(max(to, 1), len(rows)) - 1
    return [*others[:place], *(row for row in rows if row.id == id), *others[place:]]


async def _renumber(rows: Sequence[Any]) -> None:
    """Number rooms or hangings 1, 2, 3 … in the given order."""
    changed = []
    for position, row in enumerate(rows, 1):
        if row.position != position:
            row.position = position
            changed.append(row)
    if changed:
        model: type[Model] = type(changed[0])
        await model.bulk_update(changed, ["position"])
