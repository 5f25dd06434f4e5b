"""Pages on which owners create and revoke the API tokens of their organisation."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.confirmation import require_confirmation
from gallery.api.forms import TokenForm
from gallery.api.models import Token
from gallery.api.tokens import (
    LIFETIMES_DAYS,
    MAX_TOKENS,
    READ,
    SCOPE_WORDS,
    WRITE,
    TooManyTokens,
    end_token,
    make_token,
    tokens_of,
)
from gallery.clock import now
from gallery.organisations.access import load_as_owner
from gallery.organisations.models import Organisation
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render


async def index(request: Request) -> Response:
    """An owner sees the organisation's tokens, and when each was last used."""
    _person, organisation, _membership = await load_as_owner(request)
    return await _page(request, organisation, _empty())


async def create(request: Request) -> Response:
    """An owner creates a token; only this response shows its text."""
    _person, organisation, membership = await load_as_owner(request)
    if not organisation.is_active:
        raise HTTPException(404)
    await require_confirmation(request)
    form = TokenForm(await read_small_form(request))
    if not form.is_valid():
        return await _page(request, organisation, form, status=422)
    try:
        token, text = await make_token(
            membership, form["name"].data, form.scopes.data or [], int(form.days.data)
        )
    except TooManyTokens as refusal:
        form.refuse("name", str(refusal.sentence) % {"most": MAX_TOKENS})
        return await _page(request, organisation, form, status=422)
    return await _page(request, organisation, _empty(), token, text)


async def delete(request: Request) -> Response:
    """An owner revokes a token; programs that use the token are refused from now on."""
    _person, organisation, _membership = await load_as_owner(request)
    if not await end_token(organisation.id, request.path_params["token"]):
        raise HTTPException(404)
    response = redirect(request, "tokens:index", id=organisation.id)
    flash(request, response, _("The token has been ended. Programs that use it are refused."))
    return response


def _empty() -> TokenForm:
    return TokenForm(data={"scopes": [READ, WRITE], "days": str(LIFETIMES_DAYS[-1])})


async def _page(
    request: Request,
    organisation: Organisation,
    form: TokenForm,
    made: Token | None = None,
    text: str = "",
    status: int = 200,
) -> Response:
    context = {
        "organisation": organisation,
        "form": form,
        "tokens": await tokens_of(organisation.id),
        "made": made,
        "text": text,
        "moment": now(),
        "scope_words": SCOPE_WORDS,
    }
    return render(request, "tokens/index.html", context, status=status)


routes = [
    Route("/desk/organisations/{id:int}/tokens", index, name="tokens:index", methods=["GET"]),
    Route("/desk/organisations/{id:int}/tokens", create, name="tokens:create", methods=["POST"]),
    Route(
        "/desk/organisations/{id:int}/tokens/{token:int}/deletion",
        delete,
        name="tokens:delete",
        methods=["POST"],
    ),
]
