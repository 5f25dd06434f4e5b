"""The model of mails. A row in the state `unsent` is a mail to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.models import Model

from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH

if TYPE_CHECKING:
    from gallery.accounts.models import Person


class MailState(LabelledEnum):
    UNSENT = "unsent", _l("waiting to be sent")
    GATHERED = "gathered", _l("in another mail")  # sent as a part of another mail
    SENT = "sent", _l("sent")
    KEPT = "kept", _l("kept here")  # not sent, because no mail server is set
    GIVEN_UP = "given_up", _l("given up")


class Mail(Model):
    """One mail to one address. The text is composed just before sending."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=40)  # the template is templates/mail/<kind>.txt
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="mails", null=True, on_delete=fields.CASCADE
    )
    person_id: int | None
    email = fields.CharField(max_length=254)
    language = fields.CharField(max_length=MAX_TAG_LENGTH, default="zh")
    path = fields.CharField(max_length=300, default="")  # URL path of the page that the mail links to
    facts: Any = fields.JSONField(default=dict)  # values for the template; never private data of an artist
    secret = fields.CharField(
        max_length=100, default=""
    )  # the secret of the link, appended to `path`; erased when the mail is sent
    key = fields.CharField(max_length=120, null=True, unique=True)  # no second mail with this key is queued
    for_digest = fields.BooleanField(default=False)
    digest: fields.ForeignKeyNullableRelation[Mail] = fields.ForeignKeyField(
        "gallery.Mail", related_name="gathered", null=True, on_delete=fields.CASCADE
    )
    digest_id: int | None
    state = fields.CharEnumField(MailState, max_length=10, default=MailState.UNSENT)
    due_at = fields.DatetimeField()
    useless_after = fields.DatetimeField(null=True)  # when the link in the mail expires
    attempts = fields.IntField(default=0)
    lease_until = fields.DatetimeField(null=True)
    answer = fields.CharField(max_length=200, default="")  # the mail server's last answer
    created_at = fields.DatetimeField(auto_now_add=True)
    settled_at = fields.DatetimeField(null=True)  # when the mail left the state `unsent`

    gathered: fields.ReverseRelation[Mail]

    class Meta:
        table = "mail"
        indexes = [("state", "due_at"), ("path",)]
