"""Which column of a sheet belongs to which field: guessed, chosen at the desk, and saved for the organisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from gallery.artworks.import_models import Import, SheetColumn
from gallery.artworks.imports import recheck_import
from gallery.artworks.sheet_columns import column_label, normalised_name, template_columns
from gallery.artworks.sheet_faults import MAX_REPORTED_VALUE
from gallery.artworks.sheets import SheetHeader
from gallery.db.connection import in_transaction
from gallery.web.forms import Form
from gallery.web.languages import gettext as _

MAX_HEADER_LENGTH = 120  # number of characters that are compared; the length of SheetColumn.header

Headers = list[list[str]]  # in a report: header, column or "", and an example value


async def chosen_columns(organisation_id: int) -> dict[str, str]:
    """The organisation's earlier choices: normalised header → column, "" for none."""
    rows = SheetColumn.filter(organisation_id=organisation_id)
    return dict(await rows.values_list("header", "column"))


def reported_headers(header: SheetHeader) -> Headers:
    return [
        [text[:MAX_HEADER_LENGTH], header.columns.get(index, ""), header.examples[index][:MAX_REPORTED_VALUE]]
        for index, text in enumerate(header.texts)
        if text
    ]


class ColumnsForm(Form):
    """One select field for each header of a sheet; see `columns_form`."""

    headers: Headers

    def chosen(self) -> dict[str, str]:
        """Header → chosen column, for the headers whose choice was changed."""
        return {
            text: self[f"column_{number}"].data
            for number, (text, column, _example) in enumerate(self.headers)
            if self[f"column_{number}"].data != column
        }

    def validate(self, *args: Any, **options: Any) -> bool:
        super().validate(*args, **options)
        seen: set[str] = set()
        for field in self:
            if field.data and field.data in seen:
                self.refuse(field.name, _("Another column is this already. Please choose one of the two."))
            seen.add(field.data)
        return not self.errors


def columns_form(headers: Headers, posted: Any = None) -> ColumnsForm:
    names = [*template_columns(), *(column for _text, column, _example in headers if column)]
    choices = [
        SelectChoice("", _("(leave out)")),
        *(SelectChoice(name, column_label(name)) for name in dict.fromkeys(names)),
    ]
    fields: dict[str, Any] = {
        f"column_{number}": SelectField(
            text,
            choices=choices,
            default=column,
            description=_("For example: %(text)s") % {"text": example} if example else "",
            invalid_choice_message=_("Please choose something that is in the list."),
        )
        for number, (text, column, example) in enumerate(headers)
    }
    form: ColumnsForm = type("ColumnsForm", (ColumnsForm,), fields)(posted)
    form.headers = headers
    return form


async def choose_columns(job: Import, chosen: Mapping[str, str]) -> None:
    """Remember the columns for the organisation, and check the import again. Raises ImportRefused."""
    async with in_transaction():
        for text, column in chosen.items():
            header = normalised_name(text)[:MAX_HEADER_LENGTH]
            await SheetColumn.update_or_create(
                {"column": column}, organisation_id=job.organisation_id, header=header
            )
        await recheck_import(job)
