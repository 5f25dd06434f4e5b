"""Merging two rows of the same thing, such as a project: works move, and the old page redirects to the new one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cases.models import Case
from gallery.db import content_version
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.numbers import whole_number
from gallery.organisations.access import load_project
from gallery.organisations.models import Project
from gallery.web.forms import Form, Required, read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized
from gallery.web.rendering import flash, pages_of, redirect, render

MAX_NAMED = 300  # of the rows that move, on the page before they do
Row = TypeVar("Row")  # what is merged: Artist or Project


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
        await Case.filter(project_id=project.id).update(project_id=into.id)
        await Project.with_merged().filter(merged_into_id=project.id).update(merged_into_id=into.id)
        await Project.filter(id=project.id).update(merged_into_id=into.id)
        await record(
            Verb.PROJECT_MERGED, project.id, with_id=into.id, organisation_id=into.organisation_id, by=by
        )
        rows_changed = [f"{content_version.PROJECT}{id}" for id in ids]
        rows_changed += [f"{content_version.WORK}{id}" for id in works]
        await content_version.bump(rows=rows_changed)


@dataclass(frozen=True)
class Moving:
    """Rows of one kind that a merge moves."""

    label: str
    count: int
    names: Sequence[str]  # of the first MAX_NAMED


async def moving_works(works: QuerySet[Artwork]) -> Moving:
    first = await works.order_by("id").limit(MAX_NAMED)
    titles = [each.localized("title", each.language).text or _("Work without title") for each in first]
    return Moving(_("Works"), await works.count(), titles)


class MergePages(ABC, Generic[Row]):
    """The pages of a merge: which one stays, what would move, and the merge itself."""

    kind: str  # of the address and of the names of routes: project
    page: str  # the route of the page to which one comes back
    title: Any
    explanation: Any

    @abstractmethod
    async def load(self, request: Request) -> tuple[Person, Row]:
        """The row in the URL, for those who may merge it; 404 for everybody else."""

    @abstractmethod
    def name(self, row: Row) -> str: ...

    @abstractmethod
    async def others(self, row: Row) -> list[tuple[int, str]]:
        """The rows of the organisation into which `row` may be merged: id and label."""

    @abstractmethod
    async def moving(self, row: Row) -> list[Moving]:
        """What would move from `row` to another."""

    @abstractmethod
    async def merge(self, row: Row, into: int, by: Person) -> None:
        """Raises MergeRefused."""

    async def show(self, request: Request) -> Response:
        """A partner chooses which one stays, and then sees what would move."""
        _person, row = await self.load(request)
        others = await self.others(row)
        if "into" not in request.query_params:
            return self._render(request, row, MergeForm(others=others))
        form = MergeForm(request.query_params, others=others)
        if not form.validate():
            return self._render(request, row, form, status=422)
        kept = dict(others)[form.chosen_id]
        moving = [each for each in await self.moving(row) if each.count]
        return self._render(request, row, form, kept=kept, moving=moving)

    async def create(self, request: Request) -> Response:
        """A partner merges one into another of the same organisation."""
        person, row = await self.load(request)
        form = MergeForm(await read_small_form(request), others=await self.others(row))
        if not form.validate():
            return self._render(request, row, form, status=422)
        try:
            await self.merge(row, form.chosen_id, person)
        except MergeRefused as refusal:
            form.refuse("into", refusal.sentence)
            return self._render(request, row, form, status=422)
        response = redirect(request, self.page, id=form.chosen_id)
        flash(request, response, _("They are merged."))
        return response

    def _render(
        self, request: Request, row: Row, form: MergeForm, status: int = 200, **confirmation: Any
    ) -> Response:
        id = request.path_params["id"]
        context = {
            "form": form,
            "title": self.title,
            "name": self.name(row),
            "back": pages_of(request).url(self.page, id=id),
            "here": pages_of(request).url(f"{self.kind}_merges:new", id=id),
            "explanation": self.explanation,
            **confirmation,
        }
        return render(request, "shared/merge.html", context, status=status)

    @property
    def routes(self) -> list[Route]:
        address = f"/desk/{self.kind}s/{{id:int}}/merge"
        return [
            Route(address, self.show, name=f"{self.kind}_merges:new", methods=["GET"]),
            Route(address, self.create, name=f"{self.kind}_merges:create", methods=["POST"]),
        ]


class ProjectMergePages(MergePages[Project]):
    kind = "project"
    page = "projects:edit"
    title = _l("Merge projects")
    explanation = _l(
        "If a project was entered twice, its works move to the one that stays, with its words and links. The old "
        "address leads there."
    )

    async def load(self, request: Request) -> tuple[Person, Project]:
        project, _organisations = await load_project(request)
        person: Person = request.state.person
        return person, project

    def name(self, row: Project) -> str:
        return localized(row, "title").text

    async def others(self, row: Project) -> list[tuple[int, str]]:
        others = Project.filter(organisation_id=row.organisation_id).exclude(id=row.id)
        return [(each.id, f"{self.name(each)} · {each.link}") for each in await others.order_by("id")]

    async def moving(self, row: Project) -> list[Moving]:
        cases = Moving(_("Cases"), await Case.filter(project_id=row.id).count(), [])
        return [await moving_works(Artwork.filter(project_id=row.id)), cases]

    async def merge(self, row: Project, into: int, by: Person) -> None:
        await merge_projects(row, await Project.get(id=into), by)


routes = ProjectMergePages().routes
