"""Linked data in pages: schema.org as JSON-LD. The data contains only what the page shows to people.

No browser runs a `<script type="application/ld+json">`, so the content security policy need not allow it.
https://schema.org/VisualArtwork, /ExhibitionEvent, /NGO, /Project, /BreadcrumbList, /CollectionPage
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from gallery.artworks.dates import parse_date
from gallery.artworks.models import Artwork
from gallery.cases.shown import ShownCase
from gallery.clock import to_local
from gallery.exhibitions.talks import Talk
from gallery.images.sound_files import SOUND_FILES
from gallery.organisations.models import Organisation, Project
from gallery.public.view_models import Placement, ShownExhibition, ShownWork, leaves_of
from gallery.public.voices import may_be_heard, voice_address
from gallery.sounds.transcripts import words_of
from gallery.themes.models import Theme
from gallery.web import site_settings
from gallery.web.languages import LocalizedText, bcp47, current_language, localized, site_languages
from gallery.web.languages import gettext as _
from gallery.web.markdown import excerpt
from gallery.web.rendering import Pages

Data = dict[str, Any]
Breadcrumb = tuple[str, str]  # (name, URL)
MAX_FEATURED = 12  # works of an exhibition
MAX_DESCRIPTION_COLUMNS = 300  # display columns; a Chinese character takes two
# Nothing in the data may end its <script> element. A JSON parser reads these escapes as the same characters.
ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def script_element(*things: Data) -> Markup:
    """A <script> element for the page's head that contains `things`, which are schema.org objects."""
    data = json.dumps(
        {"@context": "https://schema.org", "@graph": things},
        ensure_ascii=False,
        default=iso_format,
        separators=(",", ":"),
    )
    return Markup(f'<script type="application/ld+json">{data.translate(ESCAPES)}</script>')  # noqa: S704


def iso_format(value: object) -> str:
    assert isinstance(value, (date, datetime))
    return (to_local(value) if isinstance(value, datetime) else value).isoformat()


def thing(kind: str, address: str, name: LocalizedText, **properties: Any) -> Data:
    """A schema.org Thing of type `kind`, without empty properties."""
    data = {"@type": kind, "@id": address, "url": address, "name": name.text, **properties}
    return {key: value for key, value in data.items() if value not in ("", None, [])}


def quantity(length: int) -> Data:
    """A length of `length` mm as a QuantitativeValue in cm."""
    return {"@type": "QuantitativeValue", "value": length / 10, "unitCode": "CMT"}


def http_url(address: str) -> str:
    """`address` if it is an http(s) URL, else an empty string."""
    return address if address.startswith(("http://", "https://")) else ""


def rights_notice() -> str:
    return _("Every work is shown with consent, and all rights stay with its artist.")


class LinkedData:
    """The linked data of the site's pages, with addresses in the page's language."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    def url(self, name: str, **parameters: object) -> str:
        return self.pages.absolute(self.pages.url(name, language=current_language(), **parameters))

    # Things

    def breadcrumbs(self, *crumbs: Breadcrumb) -> Data:
        """The breadcrumbs from the home page to this page."""
        home = (self.pages.settings.site_name(current_language()), self.url("public:home"))
        return {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": position, "name": name, "item": address}
                for position, (name, address) in enumerate([home, *crumbs], 1)
            ],
        }

    def organisation(self, organisation: Organisation, **more: Any) -> Data:
        address = self.url("public:organisation", slug=organisation.slug)
        return thing(
            "NGO",
            address,
            localized(organisation, "name"),
            identifier=organisation.registration_number,
            **more,
        )

    def project(self, project: Project, dead: Collection[str], **more: Any) -> Data:
        """A project, with its own website unless that link is among the `dead` ones."""
        return thing(
            "Project",
            self.url("public:project", slug=project.slug),
            localized(project, "title"),
            description=excerpt(localized(project, "summary").text, MAX_DESCRIPTION_COLUMNS),
            sameAs="" if project.link in dead else http_url(project.link),
            **more,
        )

    def exhibition(self, exhibition: ShownExhibition, **more: Any) -> Data:
        address = self.url("public:exhibition", slug=exhibition.slug)
        return thing(
            "ExhibitionEvent",
            address,
            exhibition.title,
            alternateName=exhibition.other_title.text,
            description=excerpt(exhibition.introduction.text, MAX_DESCRIPTION_COLUMNS),
            startDate=exhibition.opens_at,
            endDate=exhibition.closes_at,
            eventStatus="https://schema.org/EventScheduled",
            eventAttendanceMode="https://schema.org/OnlineEventAttendanceMode",
            isAccessibleForFree=True,
            inLanguage=[bcp47(language) for language in site_languages()],
            organizer={
                "@type": "Organization",
                "name": self.pages.settings.site_name(current_language()),
                "url": self.url("public:home"),
            },
            location={"@type": "VirtualLocation", "url": address},
            **more,
        )

    def shown_works(self, works: Iterable[ShownWork], card: str) -> Data:
        """An exhibition's picture, which is its card, and its first works."""
        featured = [
            thing(
                "VisualArtwork",
                self.url("public:artwork", public_id=work.public_id),
                work.title,
                creator={"@type": "Person", "name": work.credit.text},
            )
            for work in list(works)[:MAX_FEATURED]
        ]
        return {"image": self.pages.absolute(card), "workFeatured": featured}

    def talk(self, talk: Talk, page: str) -> Data:
        """A talk of an exhibition. `page`: the URL of the exhibition's page."""
        place, link = localized(talk, "place").text, http_url(talk.link)
        mode = "Mixed" if place and link else "Offline" if place else "Online"
        locations: list[Data] = [
            *([{"@type": "Place", "name": place, "address": place}] if place else []),
            *([{"@type": "VirtualLocation", "url": link}] if link else []),
        ]
        return thing(
            "Event",
            f"{page}#talk-{talk.key}",
            localized(talk, "title"),
            description=excerpt(localized(talk, "text").text, MAX_DESCRIPTION_COLUMNS),
            startDate=talk.starts_at,
            endDate=talk.ends_at,
            eventStatus="https://schema.org/EventScheduled",
            eventAttendanceMode=f"https://schema.org/{mode}EventAttendanceMode",
            location=locations[0] if len(locations) == 1 else locations,
        )

    def voice(self, artwork: Artwork) -> Data:
        """The voice of a work, whose sound is fetched."""
        sound, spoken = artwork.sound, artwork.localized("transcript", artwork.language)
        assert sound is not None
        return {
            "@type": "AudioObject",
            "contentUrl": self.pages.absolute(f"{voice_address(sound.token)}/{SOUND_FILES[-1].name}"),
            "encodingFormat": SOUND_FILES[-1].media_type,
            "duration": f"PT{sound.seconds}S",
            "inLanguage": bcp47(spoken.language),
            "transcript": words_of(spoken.text),
        }

    def licence(self, organisation: Organisation) -> Data:
        """Where the rights are explained, unless keepers wrote that page, and whom one asks for a licence."""
        ask = {"acquireLicensePage": self.url("public:organisation", slug=organisation.slug)}
        return ask if site_settings.text("about").text else {"license": self.url("public:about"), **ask}

    def artwork(self, work: ShownWork, artwork: Artwork, dead: Collection[str], **more: Any) -> Data:
        """A work. Its picture is included only if the consent covers sharing."""
        story, project, size = artwork.localized("story"), artwork.project, work.measured
        made = parse_date(work.date_made) if work.date_made else None
        organisation = self.organisation(artwork.organisation)
        leaves = leaves_of(artwork)
        pictures = [(leaf.picture, leaf.alt) for leaf in leaves] or [(work.picture, work.alt)]
        creator = {"@type": "Person", "name": work.credit.text}
        rights = {
            "creator": creator,
            "copyrightNotice": rights_notice(),
            **self.licence(artwork.organisation),
        }
        images = [
            {
                "@type": "ImageObject",
                "contentUrl": self.pages.absolute(picture.address(picture.widths()[-1])),
                "width": picture.widths()[-1],
                "height": round(picture.widths()[-1] / picture.ratio),
                "caption": alt.text,
                "creditText": f"{work.credit.text} · {work.organisation.text}",
                **rights,
            }
            for picture, alt in pictures
        ]
        return thing(
            "VisualArtwork",
            self.url("public:artwork", public_id=work.public_id),
            work.title,
            alternateName=[title.text for title in artwork.others("title")],
            description=excerpt(story.text, MAX_DESCRIPTION_COLUMNS),
            inLanguage=bcp47(artwork.language),
            artMedium=work.medium.text,
            dateCreated=made.edtf if made else "",  # ISO 8601-2 (EDTF)
            **{name: quantity(length) for name, length in (size.sides if size else {}).items()},
            creator=creator,
            copyrightHolder=creator,
            copyrightNotice=rights_notice(),
            provider=organisation,
            sourceOrganization=self.project(project, dead) if project else None,
            image=(images if leaves else images[0]) if work.is_for_sharing else None,
            audio=self.voice(artwork) if work.is_for_sharing and may_be_heard(artwork) else None,
            **more,
        )

    # The data of pages

    def home(self, open_now: Iterable[ShownExhibition]) -> Markup:
        language = current_language()
        site = thing(
            "WebSite",
            self.url("public:home"),
            LocalizedText(self.pages.settings.site_name(language), language),
            inLanguage=bcp47(language),
        )
        return script_element(site, *map(self.exhibition, open_now))

    def index(self, crumb: Breadcrumb, description: str) -> Markup:
        """The linked data of a list page, such as the list of exhibitions."""
        name, address = crumb
        page = thing(
            "CollectionPage",
            address,
            LocalizedText(name, current_language()),
            description=description,
            inLanguage=bcp47(current_language()),
        )
        return script_element(page, self.breadcrumbs(crumb))

    def of_exhibition(self, exhibition: ShownExhibition, works: Iterable[ShownWork], card: str) -> Markup:
        """`works`: those on the page. `card`: the path of the exhibition's card."""
        data = self.exhibition(exhibition, **self.shown_works(works, card))
        if exhibition.talks:
            data["subEvent"] = [self.talk(talk, data["url"]) for talk in exhibition.talks]
        return script_element(data, self.breadcrumbs(self.exhibitions(), (data["name"], data["url"])))

    def of_artwork(self, placement: Placement, artwork: Artwork, dead: Collection[str]) -> Markup:
        title, address = (
            placement.exhibition.title,
            self.url("public:exhibition", slug=placement.exhibition.slug),
        )
        shown_in = thing(
            "ExhibitionEvent",
            address,
            title,
            startDate=placement.exhibition.opens_at,
            location={"@type": "VirtualLocation", "url": address},
        )
        data = self.artwork(placement.work, artwork, dead, subjectOf=shown_in)
        return script_element(
            data, self.breadcrumbs(self.exhibitions(), (title.text, address), (data["name"], data["url"]))
        )

    def of_theme(self, theme: Theme) -> Markup:
        title, address = localized(theme, "title"), self.url("public:theme", slug=theme.slug)
        page = thing(
            "CollectionPage",
            address,
            title,
            description=excerpt(localized(theme, "text").text, MAX_DESCRIPTION_COLUMNS),
            inLanguage=bcp47(current_language()),
        )
        return script_element(page, self.breadcrumbs(self.themes(), (title.text, address)))

    def of_organisation(self, organisation: Organisation) -> Markup:
        about = excerpt(localized(organisation, "about").text, MAX_DESCRIPTION_COLUMNS)
        data = self.organisation(organisation, description=about, sameAs=http_url(organisation.website))
        return script_element(data, self.breadcrumbs(self.organisations(), (data["name"], data["url"])))

    def of_project(self, project: Project, dead: Collection[str]) -> Markup:
        above = self.organisation(project.organisation)
        data = self.project(
            project,
            dead,
            parentOrganization=above,
            foundingDate=project.starts_on,
            dissolutionDate=project.ends_on,
        )
        return script_element(
            data,
            self.breadcrumbs(
                self.organisations(), (above["name"], above["url"]), (data["name"], data["url"])
            ),
        )

    def of_case(self, shown: ShownCase, dead: Collection[str]) -> Markup:
        """A case, as a project of its project, with its registration, and the link as a DonateAction while it is shown."""
        project = shown.case.project
        above, of_project = self.organisation(project.organisation), self.project(project, dead)
        link = shown.version.link if shown.asks_for_support and shown.version.link not in dead else ""
        data = thing(
            "Project",
            self.url("public:case", slug=shown.case.slug),
            shown.title,
            description=excerpt(shown.story.text, MAX_DESCRIPTION_COLUMNS),
            identifier=shown.version.registration_number,
            parentOrganization={**of_project, "parentOrganization": above},
            potentialAction={"@type": "DonateAction", "target": link} if link else None,
        )
        return script_element(
            data,
            self.breadcrumbs(
                self.organisations(),
                (above["name"], above["url"]),
                (of_project["name"], of_project["url"]),
                (data["name"], data["url"]),
            ),
        )

    # Breadcrumbs

    def exhibitions(self) -> Breadcrumb:
        return _("Exhibitions"), self.url("public:exhibitions")

    def themes(self) -> Breadcrumb:
        return _("Themes"), self.url("public:themes")

    def support(self) -> Breadcrumb:
        return _("Support"), self.url("public:support")

    def organisations(self) -> Breadcrumb:
        return _("Organisations"), self.url("public:organisations")
