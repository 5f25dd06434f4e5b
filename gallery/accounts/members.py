"""The people of an organisation, and who takes whom out of it."""

from __future__ import annotations

from gallery.accounts.models import Person


async def members_of(organisation_id: int) -> list[Person]:
    """Everybody of an organisation who has an account that is open."""
    return await Person.filter(memberships__organisation_id=organisation_id, is_active=True).order_by("id")
