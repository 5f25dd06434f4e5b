"""Composing mails: the subject, a text part, an HTML part, and headers safe from injection."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderDefect
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError, select_autoescape

from gallery.clock import now
from gallery.mail.models import Mail
from gallery.mail.outbox import GATHERED_KINDS
from gallery.settings import Settings
from gallery.web import languages
from gallery.web.forms import one_line
from gallery.web.languages import bcp47, current_language, offered_language, use_language
from gallery.web.rendering import shown_date, shown_moment
from gallery.web.texts import Texts

HIDDEN_SECRET = "••••••"  # noqa: S105 - replaces the secret of a link in the outbox

_environment = Environment(
    loader=FileSystemLoader(languages.template_folder()),
    autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_environment.install_gettext_callables(  # type: ignore[attr-defined]
    languages.gettext, languages.ngettext, newstyle=True
)
_environment.policies["ext.i18n.trimmed"] = True


@dataclass(frozen=True)
class MailParagraph:
    text: str
    link: str = ""  # a URL on a line of its own, below `text`


@dataclass(frozen=True)
class MailContent:
    subject: str
    text: str
    html: str


class MailCompositionError(Exception):
    """The e-mail address is invalid, or facts are missing that the template needs."""


def compose(
    mail: Mail, settings: Settings, gathered: Iterable[Mail] = (), *, hide_secret: bool = False
) -> MailContent:
    """Compose a mail in its language, signed with the site's name.

    `gathered`: the mails of a digest. The template's first line is the subject; a line with nothing but a
    URL becomes a link. Raises MailCompositionError.
    """
    with use_language(offered_language(mail.language)):
        lines = [
            {
                "subject": _render_text(each, settings)[0],
                "link": link_of_mail(each, settings),
                "facts": _localized_facts(each) if each.kind in GATHERED_KINDS else {},
            }
            for each in gathered
        ]
        subject, text = _render_text(mail, settings, lines=lines, hide_secret=hide_secret)
        text += f"\n{one_line(settings.site_name(current_language()))}\n"
        html = _environment.get_template("mail/layout.html").render(
            subject=subject,
            paragraphs=[_parse_paragraph(part) for part in re.split(r"\n{2,}", text)],
            tag=bcp47(current_language()),
        )
    return MailContent(subject, text, html)


def _render_text(
    mail: Mail, settings: Settings, *, hide_secret: bool = False, **more: Any
) -> tuple[str, str]:
    template = _environment.get_template(f"mail/{mail.kind}.txt")
    facts = _localized_facts(mail)
    try:
        rendered = template.render(
            link=link_of_mail(mail, settings, hide_secret=hide_secret),
            site=settings.site_name(current_language()),
            day=lambda text: shown_date(datetime.fromisoformat(text)),
            moment=lambda text: shown_moment(datetime.fromisoformat(text)),
            facts=facts,
            **facts,
            **more,
        )
    except UndefinedError as error:  # the mail was queued by another version of the gallery
        raise MailCompositionError from error
    subject, _, text = rendered.strip().partition("\n")
    return one_line(subject), re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _localized_facts(mail: Mail) -> dict[str, Any]:
    return {name: _localized_fact(value) for name, value in mail.facts.items()}


def _localized_fact(value: Any) -> Any:
    """A value of `Mail.facts` in the mail's language, on one line, so that it cannot begin another header.

    A list has such values.
    """
    if isinstance(value, list):
        return [_localized_fact(each) for each in value]
    if isinstance(value, dict):
        value = Texts(value).localized().text
    return one_line(value) if isinstance(value, str) else value


def link_of_mail(mail: Mail, settings: Settings, *, hide_secret: bool = False) -> str:
    """The full URL of the page that a mail links to."""
    path = mail.path.replace("{language}", offered_language(mail.language))
    # The secret follows a path that ends with a slash. HIDDEN_SECRET also replaces an erased secret.
    secret = HIDDEN_SECRET if hide_secret and path.endswith("/") else mail.secret
    return f"{settings.site_url}{path}{secret}"


def _parse_paragraph(part: str) -> MailParagraph:
    above, _, last = part.strip().rpartition("\n")
    if re.fullmatch(r"https?://\S+", last):
        return MailParagraph(above, last)
    return MailParagraph(part.strip())


def message_of(mail: Mail, content: MailContent, settings: Settings) -> EmailMessage:
    """The e-mail message of a mail, always with the same Message-ID. Raises MailCompositionError."""
    message = EmailMessage(policy=SMTP)
    sender = settings.mail_sender
    host = sender.rpartition("@")[2]
    message["From"] = Address(one_line(settings.site_name(offered_language(mail.language))), addr_spec=sender)
    local_part, _, domain = mail.email.rpartition("@")
    if not local_part or not domain:
        raise MailCompositionError
    try:
        message["To"] = Address(addr_spec=f"{local_part}@{domain.encode('idna').decode()}")
    except (ValueError, IndexError, HeaderDefect) as error:
        raise MailCompositionError from error
    message["Subject"] = content.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{mail.id}.{int(mail.created_at.timestamp())}@{host}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: suppresses automatic replies
    message["Content-Language"] = bcp47(offered_language(mail.language))
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    return message
