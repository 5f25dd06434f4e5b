"""Logos of the people and firms that an exhibition thanks, by the keys of the credits.

A logo belongs to the exhibition and not to an edition: a new one is shown at once, and a removed one
disappears from every edition. It is one small JPEG in private storage. It is served while an edition with its
credit is on view. The picture of a supporter is such a file, too, served while the supporter agrees.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gallery.accounts.models import Person
from gallery.artworks.models import edition_is_open
from gallery.artworks.screening import find_hidden_match
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.exhibitions.credits import Credit, Supporters, credits_of
from gallery.exhibitions.draft_lists import NoSuchEntry
from gallery.exhibitions.drafts import draft_of, lock_exhibition
from gallery.exhibitions.models import Edition, Exhibition
from gallery.images.models import new_token
from gallery.images.profile_image_models import CreditLogo
from gallery.images.sandbox.parent import fingerprint
from gallery.images.storage_keys import LOGO_FOLDER, logo_key
from gallery.images.takedowns import Takedown
from gallery.storage import Storage, StoreUnavailable
from gallery.supporters.models import Supporter, SupporterState


@dataclass(frozen=True, slots=True)
class ShownLogo:
    address: str
    width: int
    height: int


async def logos_of(
    exhibition: Exhibition | str, keys: Collection[str], address: Callable[[CreditLogo], str]
) -> dict[str, ShownLogo]:
    """Key of the credit → its logo. `exhibition`: the exhibition or its slug. At most one query."""
    if not keys:
        return {}
    whose = {"exhibition__slug": exhibition} if isinstance(exhibition, str) else {"exhibition": exhibition}
    rows = await CreditLogo.filter(key__in=list(keys), **whose).only("id", "key", "token", "width", "height")
    return {row.key: ShownLogo(address(row), row.width, row.height) for row in rows}


class ResemblesHiddenWork(Exception):
    """The picture resembles a work that may not be shown."""


def logos_of_supporters(
    credits: Iterable[Credit], supporters: Supporters, address: Callable[[Supporter], str]
) -> dict[str, ShownLogo]:
    """Key of the credit → the picture of its supporter."""
    found = ((credit.key, supporters.get(credit.supporter)) for credit in credits)
    return {
        key: ShownLogo(address(each), each.picture_width, each.picture_height)
        for key, each in found
        if each is not None and each.picture_token
    }


@asynccontextmanager
async def stored_logo(picture: Path, storage: Storage) -> AsyncIterator[tuple[str, bytes]]:
    """Store `picture`, a JPEG made by the sandbox, for the block that writes its row: its token and fingerprint.

    If the block fails, the file is deleted again. Raises ResemblesHiddenWork, StoreUnavailable.
    """
    token = new_token()
    code = await fingerprint(picture)
    if await find_hidden_match(code):
        raise ResemblesHiddenWork
    await storage.private.put_file(logo_key(token), picture)
    try:
        yield token, code
    except BaseException:
        await storage.private.delete(logo_key(token))
        raise


async def set_logo(
    exhibition: Exhibition, key: str, picture: Path, size: tuple[int, int], by: Person, storage: Storage
) -> None:
    """Set the logo of a draft's credit to `picture`, a JPEG made by the sandbox, and delete the earlier logo.

    Raises ResemblesHiddenWork, NoSuchEntry, StoreUnavailable.
    """
    async with stored_logo(picture, storage) as (token, code), in_transaction():
        await lock_exhibition(exhibition.id)
        if key not in {credit.key for credit in credits_of((await draft_of(exhibition)).credits)}:
            raise NoSuchEntry
        replaced = await _delete_row(exhibition, key)
        await CreditLogo.create(
            exhibition=exhibition,
            key=key,
            token=token,
            width=size[0],
            height=size[1],
            fingerprint=code,
        )
        await record(Verb.EXHIBITION_LOGO_SET, exhibition.id, by=by)
        await content_version.bump(rows=())
    await delete_logo_files(replaced, storage)
    if await find_hidden_match(code):  # a work was withdrawn since the first check
        await remove_logo(exhibition, key, by, storage)
        raise ResemblesHiddenWork


async def remove_logo(exhibition: Exhibition, key: str, by: Person, storage: Storage) -> None:
    """Remove the logo of a credit from all editions, if there is one."""
    async with in_transaction():
        await lock_exhibition(exhibition.id)
        removed = await _delete_row(exhibition, key)
        if removed:
            await record(Verb.EXHIBITION_LOGO_REMOVED, exhibition.id, by=by)
            await content_version.bump(rows=())
    await delete_logo_files(removed, storage)


async def copy_logos(exhibition: Exhibition, into: Exhibition) -> None:
    """Copy the logos to the credits of the new exhibition. The rows are new; the files are shared."""
    await CreditLogo.bulk_create(
        CreditLogo(
            exhibition=into,
            key=logo.key,
            token=logo.token,
            width=logo.width,
            height=logo.height,
            fingerprint=logo.fingerprint,
        )
        for logo in await CreditLogo.filter(exhibition_id=exhibition.id)
    )


async def is_on_view(token: str) -> bool:
    """Whether an edition on view has the credit of this logo, or a supporter agreed to be shown with it."""
    if await Supporter.exists(picture_token=token, state=SupporterState.AGREED):
        return True
    keys = dict(await CreditLogo.filter(token=token).values_list("exhibition_id", "key"))
    rows = await Edition.filter(edition_is_open(), exhibition_id__in=list(keys)).only(
        "id", "exhibition_id", "credits"
    )
    return any(keys[row.exhibition_id] in {credit.key for credit in credits_of(row.credits)} for row in rows)


async def delete_unused_logos(storage: Storage) -> None:
    """Delete the logos of credits that no edition contains, neither the draft nor a published one."""
    unused = []
    for logo in await CreditLogo.all():
        editions = Edition.filter(exhibition_id=logo.exhibition_id, credits__not_isnull=True)
        lists = await editions.values_list("credits", flat=True)
        if not any(credit.key == logo.key for credits in lists for credit in credits_of(credits)):
            unused.append(logo)
    await CreditLogo.filter(id__in=[logo.id for logo in unused]).delete()
    await delete_logo_files([logo.token for logo in unused], storage)


async def known_logo_keys(keys: set[str]) -> set[str]:
    """The keys among `keys` in private storage that belong to logos."""
    tokens = {key.removeprefix(f"{LOGO_FOLDER}/") for key in keys if key.startswith(f"{LOGO_FOLDER}/")}
    return {logo_key(token) for token in await _tokens_in_use(tokens)}


async def _tokens_in_use(tokens: Collection[str]) -> set[str]:
    """The tokens among `tokens` that a credit or a supporter has."""
    of_credits: list[Any] = await CreditLogo.filter(token__in=list(tokens)).values_list("token", flat=True)
    supporters = Supporter.filter(picture_token__in=list(tokens))
    of_supporters: list[Any] = await supporters.values_list("picture_token", flat=True)
    return {*of_credits, *of_supporters}


async def _delete_row(exhibition: Exhibition, key: str) -> list[str]:
    """Delete the row of a logo; returns its token, if there was one."""
    rows = CreditLogo.filter(exhibition_id=exhibition.id, key=key)
    tokens = [str(token) for token in await rows.values_list("token", flat=True)]
    await rows.delete()
    return tokens


async def delete_logo_files(tokens: Iterable[str], storage: Storage) -> None:
    """Delete files that nothing else uses. If the store is unavailable, `gallery check` finds them."""
    tokens = list(tokens)
    unshared = sorted(set(tokens) - await _tokens_in_use(tokens)) if tokens else []
    with contextlib.suppress(StoreUnavailable):
        await Takedown(logo_tokens=unshared).delete_files(storage)
