"""The forms of organisations and projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from gallery.forms import Block, Form, Line, Slug, WebAddress
from gallery.languages import gettext as _
from gallery.languages import lazy_gettext as _l
from gallery.languages import spoken
from gallery.organisations.models import Organisation

NOT_IN_THE_LIST = _l("Please choose something that is in the list.")


def organisation_choices(organisations: Sequence[Organisation]) -> list[SelectChoice]:
    return [SelectChoice(str(each.id), spoken(each, "name").text) for each in organisations]


class OrganisationForm(Form):
    name_zh = Line(_l("Name in Chinese"), 120)
    name_en = Line(_l("Name in English"), 120)
    slug = Line(
        _l("Name in web addresses"),
        60,
        [Slug()],
        description=_l(
            "Small Latin letters, digits and hyphens. Better not changed later: old links would break."
        ),
    )
    about_zh = Block(_l("About it, in Chinese"), 5000, render_kw={"rows": 6})
    about_en = Block(_l("About it, in English"), 5000, render_kw={"rows": 6})
    registration_number = Line(
        _l("Registration number"), 40, description=_l("Visitors see it, and can check whom they support.")
    )
    website = Line(_l("Website"), 500, [Optional(), WebAddress()], render_kw={"type": "url"})
    is_active = BooleanField(
        _l("Its works may be shown"),
        description=_l("Without this mark all its works leave the public pages; nothing is deleted."),
        default=True,
    )

    def is_right(self) -> bool:
        """Whether it can be saved; at least one name is needed."""
        self.validate()
        if not self.name_zh.data and not self.name_en.data:
            self.refuse("name_zh", _("Please write a name, in Chinese or in English."))
        return not self.errors


class ProjectForm(Form):
    organisation = SelectField(_l("Organisation"), [Optional()], invalid_choice_message=NOT_IN_THE_LIST)
    title_zh = Line(_l("Title in Chinese"), 120)
    title_en = Line(_l("Title in English"), 120)
    summary_zh = Block(
        _l("What it does, in Chinese"),
        600,
        render_kw={"rows": 4},
        description=_l("One or two sentences: what it does, and whom it helps."),
    )
    summary_en = Block(_l("What it does, in English"), 600, render_kw={"rows": 4})
    link = Line(
        _l("Where to support it"),
        500,
        [WebAddress()],
        description=_l("The address of the project's own page. Visitors follow it from every work."),
        render_kw={"type": "url", "inputmode": "url", "placeholder": "https://"},
    )

    def __init__(
        self, posted: Any = None, *, organisations: Sequence[Organisation], **begin_with: Any
    ) -> None:
        super().__init__(posted, **begin_with)
        self["organisation"].choices = organisation_choices(organisations)

    def is_right(self) -> bool:
        """Whether it can be saved: a title and a link are needed."""
        self.validate()
        if not self.title_zh.data and not self.title_en.data:
            self.refuse("title_zh", _("Please write a title, in Chinese or in English."))
        if not self.link.data:
            self.refuse("link", _("Please give the web address where people can support the project."))
        return not self.errors
