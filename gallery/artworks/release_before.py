"""Takes over data that the previous release wrote: it knew only the year of a work.

`gallery init` runs this each time, because an upgrade can be undone and repeated (decision 113). A second run
changes nothing.
"""

from __future__ import annotations

from typing import Any

from tortoise.connection import get_connection
from tortoise.models import Model

from gallery.artworks.models import Artwork
from gallery.db.model_tables import table_name
from gallery.reviews.models import Opinion, Review, Undo

# If the year differs from the date, the year becomes the date. Both databases can run this SQL.
YEARS_TO_DATES = (
    "UPDATE artwork SET date_made = CAST(year AS VARCHAR), made_from = year * 10000 + 101, made_until = year * 10000 + 1231"
    " WHERE year IS NOT NULL AND (made_from IS NULL OR made_from / 10000 <> year)",
    "UPDATE artwork SET date_made = '', made_from = NULL, made_until = NULL WHERE year IS NULL AND made_from IS NOT NULL",
)
# JSON columns whose keys are form fields
BY_FIELD: tuple[tuple[type[Model], str], ...] = (
    (Artwork, "unfinished"),
    (Review, "notes"),
    (Opinion, "notes"),
    (Undo, "notes"),
)


async def take_over_years() -> None:
    connection = get_connection("default")
    for statement in YEARS_TO_DATES:
        await connection.execute_query(statement)
    for model, column in BY_FIELD:
        table = table_name(model)
        _count, rows = await connection.execute_query(
            f"SELECT id FROM {table} WHERE CAST({column} AS VARCHAR) LIKE '%\"year\"%'"  # noqa: S608
        )
        for row in await model.filter(id__in=[row["id"] for row in rows]):
            values: dict[str, Any] = getattr(row, column)
            if "year" in values:
                setattr(
                    row,
                    column,
                    {"date_made" if name == "year" else name: value for name, value in values.items()},
                )
                await row.save(update_fields=[column])
