"""Merging two rows of the same project: the works move, and the old page redirects to the new one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.numbers import whole_number
from gallery.organisations.access import load_project
from gallery.organisations.models import Project
from gallery.web.forms import Form, Required, read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized
from gallery.web.rendering import flash, pages_of, redirect, render


class MergeRefused(Exception):
    """The two cannot be merged; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class MergeForm(Form):
    """The artist or project to keep, by its id."""

    into = SelectField(_l("Which one stays"), [Required(_l("Please choose which one stays."))])

    def __init__(self, posted: Any = None, *, others: Iterable[tuple[int, str]]) -> None:
        super().__init__(posted)
        choices = [SelectChoice(str(id), name) for id, name in others]
        self["into"].choices = [SelectChoice("", _("Please choose")), *choices]

    @property
    def chosen_id(self) -> int:
        return whole_number(self.into.data) or 0


async def merge_projects(project: Project, into: Project, by: Person) -> None:
    """Move the works of `project` to `into`, whose texts stay unchanged. Raises MergeRefused.

    The row of `project` is kept for its page address and its past statistics.
    """
    async with in_transaction():
        ids = [project.id, into.id]
        # Works are locked first, as when a work is saved.
        await locked(Artwork.filter(project_id=project.id).order_by("id")).only("id")
        rows: list[Project] = await locked(Project.filter(id__in=ids).order_by("id"))
        if len(rows) != 2 or rows[0].organisation_id != rows[1].organisation_id:
            raise MergeRefused(_("One of the two has just been merged or deleted."))
        works = await Artwork.filter(project_id=project.id).values_list("id", flat=True)
        await Artwork.filter(project_id=project.id).update(project_id=into.id)
        await Project.with_merged().filter(merged_into_id=project.id).update(merged_into_id=into.id)
        await Project.filter(id=project.id).update(merged_into_id=into.id)
        await record(
            Verb.PROJECT_MERGED, project.id, with_id=into.id, organisation_id=into.organisation_id, by=by
        )
        rows_changed = [f"{content_version.PROJECT}{id}" for id in ids]
        rows_changed += [f"{content_version.WORK}{id}" for id in works]
        await content_version.bump(rows=rows_changed)


async def show(request: Request) -> Response:
    """A partner opens the page on which a project is merged into another."""
    project, _organisations = await load_project(request)
    return _render(request, project, MergeForm(others=await _others(project)))


async def create(request: Request) -> Response:
    """A partner merges a project into another of the same organisation."""
    project, _organisations = await load_project(request)
    form = MergeForm(await read_small_form(request), others=await _others(project))
    if not form.validate():
        return _render(request, project, form, status=422)
    into = await Project.get(id=form.chosen_id)
    try:
        await merge_projects(project, into, request.state.person)
    except MergeRefused as refusal:
        form.refuse("into", refusal.sentence)
        return _render(request, project, form, status=422)
    response = redirect(request, "projects:edit", id=into.id)
    flash(request, response, _("They are merged."))
    return response


async def _others(project: Project) -> list[tuple[int, str]]:
    others = Project.filter(organisation_id=project.organisation_id).exclude(id=project.id)
    return [
        (each.id, f"{localized(each, 'title').text} · {each.link}") for each in await others.order_by("id")
    ]


def _render(request: Request, project: Project, form: MergeForm, status: int = 200) -> Response:
    context = {
        "form": form,
        "title": _("Merge projects"),
        "name": localized(project, "title").text,
        "back": pages_of(request).url("projects:edit", id=project.id),
        "explanation": _(
            "If a project was entered twice, its works move to the one that stays, with its words and links. The old "
            "address leads there."
        ),
    }
    return render(request, "shared/merge.html", context, status=status)


routes = [
    Route("/desk/projects/{id:int}/merge", show, name="project_merges:new", methods=["GET"]),
    Route("/desk/projects/{id:int}/merge", create, name="project_merges:create", methods=["POST"]),
]
