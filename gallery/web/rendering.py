"""Rendering: the Jinja environment, pages, redirects, cookies, and messages that are shown once."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import langcodes
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal
from itsdangerous import BadSignature, URLSafeSerializer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup
from starlette.convertors import Convertor, IntegerConvertor, StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gallery import clock
from gallery.numbers import MAX_DIGITS
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web import languages, site_settings
from gallery.web.languages import (
    FALLBACK_LANGUAGE,
    LocalizedText,
    babel_locale,
    bcp47,
    current_language,
    localized,
    site_languages,
)
from gallery.web.markdown import display_width, excerpt, markdown_to_html, markdown_to_text
from gallery.web.texts import is_right_to_left, language_name, site_language_name


class RowIdConvertor(IntegerConvertor):
    """`{id:int}` in a route: the id of a row.

    Numbers of more than MAX_DIGITS digits do not match: no id has more, and PostgreSQL raises an error.
    """

    regex = f"[0-9]{{1,{MAX_DIGITS}}}"


register_url_convertor("int", RowIdConvertor())


class LanguageConvertor(Convertor[str]):
    """`{language:language}` in a route: one of the site's languages at the time when the route is made."""

    @property
    def regex(self) -> str:  # type: ignore[override]
        return "|".join(site_languages())

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        if value not in site_languages():
            raise ValueError(f"unknown language {value!r}")
        return value


class NameConvertor(Convertor[str]):
    """`{slug:name}` in a route: a slug or public id, at most 60 letters, digits, `_` and `-`."""

    regex = "[A-Za-z0-9_-]{1,60}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class SecretConvertor(StringConvertor):
    """`{token:secret}` in a route: a secret that gives access, so logs must not contain the URL."""


register_url_convertor("language", LanguageConvertor())
register_url_convertor("secret", SecretConvertor())
register_url_convertor("name", NameConvertor())

# Options of itsdangerous, whose default hash is SHA-1.
SIGNER_OPTIONS: dict[str, Any] = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
FLASH_COOKIE = "gallery_flash"
# The default path of cookies. Browsers send them to the desk only, so no public page depends on them.
DESK = "/desk"


class OwnSentences(Extension):
    """Turns off the browser's check of each form: the server answers bad input, next to the field, in the page's
    language, and keeps what was typed. No template does so by itself."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return re.sub(r"<form\b", "<form novalidate", source)


class Pages:
    """The templates and URLs of one site."""

    def __init__(self, settings: Settings, routes: list[Route], static_version: str) -> None:
        self.settings = settings
        self._routes = {route.name: route for route in routes}
        self._static_version = static_version
        # Adds the fonts of its headings to a page for visitors, and their rules to its style sheets.
        self.add_fonts: Callable[[str, list[str]], str] = lambda page, style_sheets: page
        self.signer = URLSafeSerializer(settings.secret_key, salt="flash", signer_kwargs=SIGNER_OPTIONS)
        self.environment = Environment(
            loader=FileSystemLoader(languages.template_folder()),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=settings.development,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols", OwnSentences],
        )
        self.environment.install_gettext_callables(  # type: ignore[attr-defined]
            languages.gettext, languages.ngettext, newstyle=True
        )
        self.environment.policies["ext.i18n.trimmed"] = True
        self.environment.globals.update(
            url=self.url,
            static=self.static,
            settings=settings,
            localized=localized,
            language=current_language,
            languages=site_languages,
            og_locale=open_graph_locale,
            arrow_keys=arrow_keys,
            direction=direction,
            is_chinese=languages.is_chinese,
            site_language_name=site_language_name,
            today=clock.today,
            now=clock.now,
            site_text=site_settings.text,
            hours=shown_hours,
            icons=None,  # SiteIcons, in the app
        )
        self.environment.filters.update(
            prose=markdown_to_html,
            plain=markdown_to_text,
            excerpt=excerpt,
            date=shown_date,
            moment=shown_moment,
            month=shown_month,
            number=shown_number,
            file_size=languages.file_size,
            local_input=datetime_local_value,
            lang=lang_attribute,
            spoken=spoken_attribute,
            bcp47=bcp47,
            offered=languages.offered_language,
            language_name=language_name,
            title_class=title_class,
        )

    def url(self, name: str, /, **parameters: object) -> str:
        """The path of the route `name`, such as `artworks:show`. Raises KeyError if there is none."""
        return str(self._routes[name].url_path_for(name, **parameters))

    def html(self, template: str, /, **context: Any) -> str:
        """A rendered template; strings that the page's language lacks are marked as English."""
        with languages.marked_fallbacks():
            text = self.environment.get_template(template).render(**context)
        return languages.mark_fallbacks(text, language_attributes(FALLBACK_LANGUAGE, current_language()))

    def static(self, path: str) -> str:
        """The URL of a file in gallery/static; the URL changes when any file there changes."""
        return f"/static/{self._static_version}/{path}"

    def absolute(self, path: str) -> str:
        return f"{self.settings.site_url}{path}"


def pages_of(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


def settings_of(request: Request) -> Settings:
    return pages_of(request).settings


def storage_of(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    with_fonts: bool = False,
) -> HTMLResponse:
    """The page `template` in the language of the request. It shows and deletes the flash messages.

    Only a page that everybody may read comes `with_fonts`: their addresses hold the characters of its headings.
    """
    pages = pages_of(request)
    is_desk = request.url.path.startswith(DESK)
    flashes = read_flashes(request) if is_desk else []
    style_sheets: list[str] = []  # the template adds the texts of the page's own <style> elements
    body = pages.html(
        template,
        request_path=request.url.path,
        person=getattr(request.state, "person", None),
        second_factor_due=getattr(request.state, "second_factor_due", None),
        flashes=flashes,
        style_sheets=style_sheets,
        **(context or {}),
    )
    if with_fonts:
        body = pages.add_fonts(body, style_sheets)
    response = HTMLResponse(body, status_code=status, headers=dict(headers or {}))
    response.headers["content-language"] = bcp47(current_language())
    if style_sheets:
        response.headers["content-security-policy"] = content_security_policy(
            tuple(style_sheets), pages.settings.pictures_origin
        )
    if is_desk or "cache-control" not in response.headers:
        response.headers["cache-control"] = "no-store" if is_desk else "no-cache"
    if flashes:
        delete_cookie(request, response, FLASH_COOKIE)
    return response


def render_public(
    request: Request, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HTMLResponse:
    """A page for visitors. It depends only on its URL and the content version, so it may be cached.

    Browsers and proxies may store it, but must ask each time whether it is still current. Speculation rules
    say which pages a browser may fetch when the pointer is on a link.
    """
    headers = {
        "cache-control": "public, no-cache",
        "speculation-rules": f'"{pages_of(request).static("ahead.speculationrules")}"',
    }
    return render(request, template, context, status=status, headers=headers, with_fonts=True)


def redirect(
    request: Request, name: str, /, *, fragment: str = "", query: str = "", **parameters: object
) -> RedirectResponse:
    """Redirect to the page `name` with GET (303) after a successful POST."""
    path = pages_of(request).url(name, **parameters)
    suffix = (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return RedirectResponse(path + suffix, status_code=303)


def flash(request: Request, response: Response, message: str, level: str = "done") -> None:
    """Show `message` once, on the next page of the desk. `level` is "done", "hint" or "error"."""
    pages = pages_of(request)
    value = pages.signer.dumps([*read_flashes(request), [level, str(message)]])
    set_cookie(
        request, response, FLASH_COOKIE, value if isinstance(value, str) else value.decode(), seconds=300
    )


def read_flashes(request: Request) -> list[list[str]]:
    raw = cookie_in(request, FLASH_COOKIE)
    if not raw:
        return []
    try:
        flashes: list[list[str]] = pages_of(request).signer.loads(raw)
    except BadSignature:
        return []
    return flashes


def cookie_name(name: str, settings: Settings) -> str:
    """The cookie's name; on https with the prefix `__Secure-`, so that browsers accept it over https only."""
    return f"__Secure-{name}" if settings.is_https else name


def cookie_in(request: Request, name: str) -> str:
    """The value of the cookie `name`; "" if the browser sent none."""
    return request.cookies.get(cookie_name(name, settings_of(request)), "")


def set_cookie(
    request: Request, response: Response, name: str, value: str, *, seconds: int, path: str = DESK
) -> None:
    """Set a cookie that scripts cannot read and other sites' forms do not send; on https it is Secure."""
    settings = settings_of(request)
    response.set_cookie(
        cookie_name(name, settings),
        value,
        max_age=seconds,
        path=path,
        httponly=True,
        samesite="lax",
        secure=settings.is_https,
    )


def delete_cookie(request: Request, response: Response, name: str, *, path: str = DESK) -> None:
    set_cookie(request, response, name, "", seconds=0, path=path)


@functools.lru_cache(maxsize=1024)
def content_security_policy(
    style_sheets: tuple[str, ...] = (),
    pictures_origin: str = "",
    *,
    is_framed: bool = False,
    plays_own_recordings: bool = False,
) -> str:
    """The policy of a page: everything comes from the site itself; inline styles only if their text is given.

    Pictures and sounds may also come from `pictures_origin`, where requests for them may be redirected.
    `is_framed` allows frames within the site, which the preview needs. `plays_own_recordings` allows sounds
    that the page itself recorded.
    """
    picture_source = f" {pictures_origin}" if pictures_origin else ""
    media_source = f"{picture_source} blob:" if plays_own_recordings else picture_source
    hashes = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in style_sheets
    )
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'{hashes}; img-src 'self' data: blob:{picture_source}; "
        f"media-src 'self'{media_source}; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        + ("frame-src 'self'; frame-ancestors 'self'" if is_framed else "frame-ancestors 'none'")
    )


def shown_date(day: date | datetime | None, format: str = "long") -> str:
    """A day in the page's language: 2022年12月22日, 22 December 2022."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = clock.to_local(day).date()
    return format_date(day, format=format, locale=babel_locale())


def shown_month(day: date) -> str:
    """The month of a day: 2022年12月, December 2022."""
    return format_skeleton("yMMMM", day, locale=babel_locale())


def shown_moment(moment: datetime | None) -> str:
    """A moment in the site's time zone, to the minute."""
    if moment is None:
        return ""
    local, locale = clock.to_local(moment), babel_locale()
    joined = str(locale.datetime_formats["medium"]).replace("'", "")
    return joined.format(local.strftime("%H:%M"), format_skeleton("yMMMd", local, locale=locale))


def shown_hours(starts_at: datetime, ends_at: datetime) -> str:
    """Start and end with the time zone: 22 Dec 2026, 19:00–20:30 (China Standard Time)."""
    first, last = clock.to_local(starts_at), clock.to_local(ends_at)
    until = last.strftime("%H:%M") if first.date() == last.date() else shown_moment(ends_at)
    dash = "–" if first.date() == last.date() else " – "
    zone = format_datetime(first, "zzzz", locale=babel_locale())
    return languages.gettext("%(hours)s (%(clocks)s)") % {
        "hours": f"{shown_moment(starts_at)}{dash}{until}",
        "clocks": zone,
    }


def shown_number(number: int | float) -> str:
    return format_decimal(number, locale=babel_locale())


def datetime_local_value(moment: datetime | None) -> str:
    """The value of an <input type="datetime-local">, in the site's time zone."""
    return clock.to_local(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""


LONG, LONGER = 40, 84  # columns; longer titles get one of two smaller sizes


def title_class(title: str, *also: str) -> Markup:
    """The class attribute of a heading: `also`, and `long` or `longer` for a long title; "" without a class."""
    width = display_width(title)
    names = [*also, *(["longer"] if width > LONGER else ["long"] if width > LONG else [])]
    return Markup(' class="{}"').format(" ".join(names)) if names else NO_ATTRIBUTE


NO_ATTRIBUTE = Markup("")


def lang_attribute(value: LocalizedText) -> Markup:
    """` lang="en"` if a value is not in the page's language, with `dir` if it is read right to left; else ""."""
    if not value.text or value.language == current_language():
        return NO_ATTRIBUTE
    return spoken_attribute(value.language)


def spoken_attribute(language: str) -> Markup:
    """` lang="ug" dir="rtl"`: the attributes of text in `language` on the current page."""
    return language_attributes(language, current_language())


@functools.lru_cache(maxsize=1024)
def language_attributes(language: str, page_language: str) -> Markup:
    """The attributes of text in `language`; `dir` only if its direction differs from the page's."""
    turns = is_right_to_left(language) != is_right_to_left(page_language)
    return Markup(' lang="{}"').format(bcp47(language)) + (
        Markup(' dir="{}"').format(direction(language)) if turns else NO_ATTRIBUTE
    )


def direction(language: str) -> str:
    return "rtl" if is_right_to_left(language) else "ltr"


def arrow_keys() -> tuple[str, str]:
    """The keys for back and forward on the current page."""
    return (
        ("ArrowLeft", "ArrowRight") if direction(current_language()) == "ltr" else ("ArrowRight", "ArrowLeft")
    )


def open_graph_locale(language: str) -> str:
    """The page's language in the form of og:locale: zh_CN, en_GB."""
    locale = babel_locale(language)
    territory = locale.territory or langcodes.Language.get(bcp47(language)).maximize().territory
    return f"{locale.language}_{territory}"
