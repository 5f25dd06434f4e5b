"""All verbs of the audit log, the text shown for each, and which of them curators may read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from gallery.web.languages import lazy_gettext as _l


class Verb(StrEnum):
    """A verb in the form `kind.verb`; `kind` is the kind of thing that the entry's id belongs to."""

    ACCOUNT_MADE = "account.made"
    ACCOUNT_SIGNED_IN = "account.signed_in"
    ACCOUNT_REFUSED = "account.refused"
    ACCOUNT_SECOND_FACTOR_REFUSED = "account.second_factor_refused"
    ACCOUNT_SIGNED_OUT = "account.signed_out"
    ACCOUNT_SESSIONS_ENDED = "account.sessions_ended"
    ACCOUNT_SIGNED_OUT_EVERYWHERE = "account.signed_out_everywhere"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - a verb, not a password
    ACCOUNT_CLOSED = "account.closed"
    ACCOUNT_ROLE_GIVEN = "account.role_given"
    ACCOUNT_STOPPED = "account.stopped"
    ACCOUNT_LET_IN_AGAIN = "account.let_in_again"
    ACCOUNT_PASSKEY_ADDED = "account.passkey_added"
    ACCOUNT_PASSKEY_REMOVED = "account.passkey_removed"
    ACCOUNT_APP_ADDED = "account.app_added"
    ACCOUNT_APP_REMOVED = "account.app_removed"
    ACCOUNT_RECOVERY_CODES_MADE = "account.recovery_codes_made"
    ACCOUNT_RECOVERY_CODE_USED = "account.recovery_code_used"
    ACCOUNT_RESET_ASKED = "account.reset_asked"
    ACCOUNT_RESET_STOPPED = "account.reset_stopped"
    ACCOUNT_SECOND_FACTOR_RESET = "account.second_factor_reset"
    ACCOUNT_ADDRESS_ASKED = "account.address_asked"
    ACCOUNT_ADDRESS_CHANGED = "account.address_changed"
    INVITATION_MADE = "invitation.made"
    INVITATION_TAKEN_BACK = "invitation.taken_back"
    INVITATION_ACCEPTED = "invitation.accepted"
    MEMBER_MADE_OWNER = "member.made_owner"
    MEMBER_MADE_EDITOR = "member.made_editor"
    MEMBER_RENAMED = "member.renamed"
    MEMBER_REMOVED = "member.removed"
    MEMBER_HELD = "member.held"
    MEMBER_CONFIRMED = "member.confirmed"
    OWNER_REQUEST_MADE = "owner_request.made"
    OWNER_REQUEST_OBJECTED = "owner_request.objected"
    OWNER_REQUEST_CANCELLED = "owner_request.cancelled"
    OWNER_REQUEST_TOOK_EFFECT = "owner_request.took_effect"
    SITE_REVIEWING_CHANGED = "site.reviewing_changed"
    SITE_TEXTS_CHANGED = "site.texts_changed"
    MAIL_READ = "mail.read"
    MAIL_RETRIED = "mail.retried"
    ORGANISATION_MADE = "organisation.made"
    ORGANISATION_CHANGED = "organisation.changed"
    ORGANISATION_LOGO_SET = "organisation.logo_set"
    ORGANISATION_LOGO_REMOVED = "organisation.logo_removed"
    ORGANISATION_LOGO_HELD = "organisation.logo_held"
    ORGANISATION_LOGO_SEEN = "organisation.logo_seen"
    ORGANISATION_SHOWN = "organisation.shown"
    ORGANISATION_HIDDEN = "organisation.hidden"
    TOKEN_MADE = "token.made"  # noqa: S105 - a verb, not a token
    TOKEN_ENDED = "token.ended"  # noqa: S105 - likewise
    ORGANISATION_TRUST_CHANGED = "organisation.trust_changed"
    APPLICATION_MADE = "application.made"
    APPLICATION_READ = "application.read"
    APPLICATION_ADMITTED = "application.admitted"
    APPLICATION_DECLINED = "application.declined"
    PROJECT_MADE = "project.made"
    PROJECT_COVER_SET = "project.cover_set"
    PROJECT_COVER_REMOVED = "project.cover_removed"
    PROJECT_COVER_HELD = "project.cover_held"
    PROJECT_COVER_SEEN = "project.cover_seen"
    PROJECT_CHANGED = "project.changed"
    PROJECT_MERGED = "project.merged"
    CASE_MADE = "case.made"
    CASE_CHANGED = "case.changed"
    CASE_SENT = "case.sent"
    CASE_ACCEPTED = "case.accepted"
    CASE_RETURNED = "case.returned"
    CASE_FIGURE_ADDED = "case.figure_added"
    CASE_FIGURE_TAKEN_BACK = "case.figure_taken_back"
    CASE_ENDED = "case.ended"
    CASE_REOPENED = "case.reopened"
    CASE_VETOED = "case.vetoed"
    CASE_VETO_LIFTED = "case.veto_lifted"
    ARTIST_MADE = "artist.made"
    ARTIST_CHANGED = "artist.changed"
    ARTIST_PRIVATE_READ = "artist.private_read"
    ARTIST_PRIVATE_CHANGED = "artist.private_changed"
    ARTIST_DELETED = "artist.deleted"
    ARTIST_MERGED = "artist.merged"
    ARTIST_PAGE_GIVEN = "artist.page_given"
    ARTIST_PAGE_TAKEN = "artist.page_taken"
    CONSENT_RECORDED = "consent.recorded"
    CONSENT_RENEWED = "consent.renewed"
    CONSENT_FORM_ADDED = "consent.form_added"
    CONSENT_FORM_READ = "consent.form_read"
    CONSENT_FORM_DELETED = "consent.form_deleted"
    CONSENT_SIGNATURE_READ = "consent.signature_read"
    CONSENT_SLIP_READ = "consent.slip_read"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_REQUEST_MADE = "consent_request.made"
    CONSENT_REQUEST_CHANGED = "consent_request.changed"
    CONSENT_REQUEST_LINK_READ = "consent_request.link_read"
    CONSENT_REQUEST_RENEWED = "consent_request.renewed"
    CONSENT_REQUEST_TAKEN_BACK = "consent_request.taken_back"
    CONSENT_REQUEST_AGREED = "consent_request.agreed"
    CONSENT_REQUEST_REFUSED = "consent_request.refused"
    WORK_MADE = "work.made"
    WORK_CHANGED = "work.changed"
    WORK_DELETED = "work.deleted"
    WORK_SUBMITTED = "work.submitted"
    WORK_PROPOSED = "work.proposed"
    WORK_TAKEN_BACK = "work.taken_back"
    WORK_PRIVATE_SHARED = "work.private_shared"
    WORK_PRIVATE_UNSHARED = "work.private_unshared"
    WORK_ACCEPTED = "work.accepted"
    WORK_RETURNED = "work.returned"
    WORK_DECLINED = "work.declined"
    WORK_DECIDED_AS_ONE_OF_TWO = "work.decided_as_one_of_two"
    WORK_DECISION_UNDONE = "work.decision_undone"
    WORK_VETOED = "work.vetoed"
    WORK_VETO_LIFTED = "work.veto_lifted"
    WORK_LOOKED_AT_LATER = "work.looked_at_later"
    WORK_PICTURE_RETRIED = "work.picture_retried"
    WORK_VOICE_REMOVED = "work.voice_removed"
    WORK_PUT_OFF = "work.put_off"
    WORK_HINT_WAVED_OFF = "work.hint_waved_off"
    WORK_HINT_TAKEN_UP = "work.hint_taken_up"
    WORK_TOLD_APART = "work.told_apart"
    WORK_FOUND_TWICE = "work.found_twice"
    WORK_ASKED_ABOUT = "work.asked_about"
    WORK_COMPARED_AGAIN = "work.compared_again"
    IMPORT_SENT = "import.sent"
    IMPORT_CHECKED_AGAIN = "import.checked_again"
    IMPORT_CONFIRMED = "import.confirmed"
    IMPORT_TAKEN_BACK = "import.taken_back"
    EXPORT_MADE = "export.made"
    EXPORT_RECORDS_READ = "export.records_read"
    EXPORT_WORKS_READ = "export.works_read"
    REASON_MADE = "reason.made"
    REASON_CHANGED = "reason.changed"
    REASON_DELETED = "reason.deleted"
    ROUND_OPENED = "round.opened"
    ROUND_SCORED = "round.scored"
    ROUND_CLOSED = "round.closed"
    REPORT_MADE = "report.made"
    REPORT_READ = "report.read"
    REPORT_CLOSED = "report.closed"
    MESSAGE_MADE = "message.made"
    MESSAGE_READ = "message.read"
    MESSAGE_CLOSED = "message.closed"
    THEME_MADE = "theme.made"
    THEME_CHANGED = "theme.changed"
    THEME_REPEATED = "theme.repeated"
    THEME_CALL_OPENED = "theme.call_opened"
    THEME_EXTENDED = "theme.extended"
    THEME_COVER_SET = "theme.cover_set"
    EXHIBITION_MADE = "exhibition.made"
    EXHIBITION_CHANGED = "exhibition.changed"
    EXHIBITION_ROOM_MADE = "exhibition.room_made"
    EXHIBITION_ROOM_CHANGED = "exhibition.room_changed"
    EXHIBITION_ROOM_MOVED = "exhibition.room_moved"
    EXHIBITION_ROOM_CLOSED = "exhibition.room_closed"
    EXHIBITION_WORK_HUNG = "exhibition.work_hung"
    EXHIBITION_WORK_MOVED = "exhibition.work_moved"
    EXHIBITION_WORK_TAKEN_DOWN = "exhibition.work_taken_down"
    EXHIBITION_WORK_LEFT_OUT = "exhibition.work_left_out"
    EXHIBITION_WORK_LET_IN = "exhibition.work_let_in"
    EXHIBITION_CAPTION_CHANGED = "exhibition.caption_changed"
    EXHIBITION_CREDITS_CHANGED = "exhibition.credits_changed"
    EXHIBITION_LOGO_SET = "exhibition.logo_set"
    EXHIBITION_LOGO_REMOVED = "exhibition.logo_removed"
    EXHIBITION_TALKS_CHANGED = "exhibition.talks_changed"
    EXHIBITION_BLOCKS_CHANGED = "exhibition.blocks_changed"
    EXHIBITION_LINK_MADE = "exhibition.link_made"
    EXHIBITION_LINK_ENDED = "exhibition.link_ended"
    EXHIBITION_PUBLISHED = "exhibition.published"
    EXHIBITION_RESTORED = "exhibition.restored"
    EXHIBITION_PLAN_CANCELLED = "exhibition.plan_cancelled"
    EXHIBITION_UNPUBLISHED = "exhibition.unpublished"
    SUPPORTER_MADE = "supporter.made"
    SUPPORTER_CHANGED = "supporter.changed"
    SUPPORTER_LINK_SENT = "supporter.link_sent"
    SUPPORTER_AGREED = "supporter.agreed"
    SUPPORTER_REFUSED = "supporter.refused"
    SUPPORTER_TAKEN_BACK = "supporter.taken_back"
    SUPPORTER_PICTURE_SET = "supporter.picture_set"
    SUPPORTER_PICTURE_REMOVED = "supporter.picture_removed"
    SUPPORTER_REACH_MADE = "supporter.reach_made"
    SUPPORTER_REACH_ENDED = "supporter.reach_ended"
    SUPPORTER_READ = "supporter.read"


def kind_of(verb: str) -> str:
    """The kind in a verb: "work" of "work.submitted"."""
    return verb.partition(".")[0]


VERB_WORDS: Mapping[str, Any] = {
    Verb.ACCOUNT_MADE: _l("created an account"),
    Verb.ACCOUNT_SIGNED_IN: _l("signed in"),
    Verb.ACCOUNT_REFUSED: _l("failed to sign in: wrong password, or suspended"),
    Verb.ACCOUNT_SECOND_FACTOR_REFUSED: _l("failed to sign in: wrong second factor"),
    Verb.ACCOUNT_SIGNED_OUT: _l("signed out"),
    Verb.ACCOUNT_SESSIONS_ENDED: _l("signed out on other devices"),
    Verb.ACCOUNT_SIGNED_OUT_EVERYWHERE: _l("signed somebody out everywhere"),
    Verb.ACCOUNT_CHANGED: _l("changed name, language or mails"),
    Verb.ACCOUNT_PASSWORD_CHANGED: _l("changed the password"),
    Verb.ACCOUNT_CLOSED: _l("closed the account"),
    Verb.ACCOUNT_ROLE_GIVEN: _l("gave somebody another role"),
    Verb.ACCOUNT_STOPPED: _l("suspended somebody"),
    Verb.ACCOUNT_LET_IN_AGAIN: _l("restored somebody's access"),
    Verb.ACCOUNT_PASSKEY_ADDED: _l("added a passkey"),
    Verb.ACCOUNT_PASSKEY_REMOVED: _l("removed a passkey"),
    Verb.ACCOUNT_APP_ADDED: _l("set up an authenticator app"),
    Verb.ACCOUNT_APP_REMOVED: _l("removed the authenticator app"),
    Verb.ACCOUNT_RECOVERY_CODES_MADE: _l("created new recovery codes"),
    Verb.ACCOUNT_RECOVERY_CODE_USED: _l("signed in with a recovery code"),
    Verb.ACCOUNT_RESET_ASKED: _l("asked to remove somebody's second factor"),
    Verb.ACCOUNT_RESET_STOPPED: _l("stopped the removal by signing in with the second factor"),
    Verb.ACCOUNT_SECOND_FACTOR_RESET: _l("removed the second factor"),
    Verb.ACCOUNT_ADDRESS_ASKED: _l("asked to change the e-mail address"),
    Verb.ACCOUNT_ADDRESS_CHANGED: _l("changed the e-mail address"),
    Verb.INVITATION_MADE: _l("invited somebody"),
    Verb.INVITATION_TAKEN_BACK: _l("took an invitation back"),
    Verb.INVITATION_ACCEPTED: _l("accepted an invitation"),
    Verb.MEMBER_MADE_OWNER: _l("made a member an owner"),
    Verb.MEMBER_MADE_EDITOR: _l("made a member an editor"),
    Verb.MEMBER_RENAMED: _l("corrected a member's name"),
    Verb.MEMBER_REMOVED: _l("removed a member"),
    Verb.MEMBER_HELD: _l("suspended a membership until an owner confirms it"),
    Verb.MEMBER_CONFIRMED: _l("confirmed a member"),
    Verb.OWNER_REQUEST_MADE: _l("asked for a new owner of an organisation"),
    Verb.OWNER_REQUEST_OBJECTED: _l("objected to a new owner"),
    Verb.OWNER_REQUEST_CANCELLED: _l("cancelled the request for a new owner"),
    Verb.OWNER_REQUEST_TOOK_EFFECT: _l("invited the new owner who was asked for"),
    Verb.SITE_REVIEWING_CHANGED: _l("set how works are reviewed"),
    Verb.SITE_TEXTS_CHANGED: _l("changed the site's name or texts"),
    Verb.MAIL_READ: _l("read a mail in the outbox"),
    Verb.MAIL_RETRIED: _l("had a mail sent again"),
    Verb.ORGANISATION_MADE: _l("entered an organisation"),
    Verb.ORGANISATION_CHANGED: _l("changed an organisation"),
    Verb.ORGANISATION_LOGO_SET: _l("set the logo of an organisation"),
    Verb.ORGANISATION_LOGO_REMOVED: _l("removed the logo of an organisation"),
    Verb.ORGANISATION_LOGO_HELD: _l("held back a logo that resembles a work not on view"),
    Verb.ORGANISATION_LOGO_SEEN: _l("looked at a new logo and kept it"),
    Verb.ORGANISATION_SHOWN: _l("let an organisation be shown again"),
    Verb.ORGANISATION_HIDDEN: _l("stopped the showing of an organisation"),
    Verb.TOKEN_MADE: _l("created an API token"),
    Verb.TOKEN_ENDED: _l("ended an API token"),
    Verb.ORGANISATION_TRUST_CHANGED: _l("changed how an organisation's works are reviewed"),
    Verb.APPLICATION_MADE: _l("applied for an organisation"),
    Verb.APPLICATION_READ: _l("read an application with its contact"),
    Verb.APPLICATION_ADMITTED: _l("admitted an organisation"),
    Verb.APPLICATION_DECLINED: _l("declined an application"),
    Verb.PROJECT_MADE: _l("created a project"),
    Verb.PROJECT_COVER_SET: _l("set the cover of a project"),
    Verb.PROJECT_COVER_REMOVED: _l("removed the cover of a project"),
    Verb.PROJECT_COVER_HELD: _l("held back a cover that resembles a work not on view"),
    Verb.PROJECT_COVER_SEEN: _l("looked at a new cover and kept it"),
    Verb.PROJECT_CHANGED: _l("changed a project"),
    Verb.PROJECT_MERGED: _l("merged a project into another"),
    Verb.CASE_MADE: _l("began a case"),
    Verb.CASE_CHANGED: _l("changed a case"),
    Verb.CASE_SENT: _l("sent a case for review"),
    Verb.CASE_ACCEPTED: _l("accepted a case"),
    Verb.CASE_RETURNED: _l("returned a case"),
    Verb.CASE_FIGURE_ADDED: _l("entered a figure of a case"),
    Verb.CASE_FIGURE_TAKEN_BACK: _l("took a figure of a case back"),
    Verb.CASE_ENDED: _l("ended a case"),
    Verb.CASE_REOPENED: _l("opened a case again"),
    Verb.CASE_VETOED: _l("took a case off view"),
    Verb.CASE_VETO_LIFTED: _l("lifted the veto on a case"),
    Verb.ARTIST_MADE: _l("entered an artist"),
    Verb.ARTIST_CHANGED: _l("changed what visitors read of an artist"),
    Verb.ARTIST_PRIVATE_READ: _l("read an artist's private details"),
    Verb.ARTIST_PRIVATE_CHANGED: _l("changed an artist's private details"),
    Verb.ARTIST_DELETED: _l("deleted an artist"),
    Verb.ARTIST_MERGED: _l("merged an artist into another"),
    Verb.ARTIST_PAGE_GIVEN: _l("gave an artist a page"),
    Verb.ARTIST_PAGE_TAKEN: _l("removed an artist's page"),
    Verb.CONSENT_RECORDED: _l("recorded a consent"),
    Verb.CONSENT_RENEWED: _l("renewed a consent"),
    Verb.CONSENT_FORM_ADDED: _l("kept a signed form"),
    Verb.CONSENT_FORM_READ: _l("downloaded a signed form"),
    Verb.CONSENT_FORM_DELETED: _l("deleted a signed form"),
    Verb.CONSENT_SIGNATURE_READ: _l("read who agreed by a link"),
    Verb.CONSENT_SLIP_READ: _l("opened the slip of a consent"),
    Verb.CONSENT_WITHDRAWN: _l("withdrew a consent"),
    Verb.CONSENT_REQUEST_MADE: _l("asked for a consent by a link"),
    Verb.CONSENT_REQUEST_CHANGED: _l("added works to a request for consent"),
    Verb.CONSENT_REQUEST_LINK_READ: _l("opened the link of a request for consent"),
    Verb.CONSENT_REQUEST_RENEWED: _l("made a new link for a request for consent"),
    Verb.CONSENT_REQUEST_TAKEN_BACK: _l("took a request for consent back"),
    Verb.CONSENT_REQUEST_AGREED: _l("agreed by a link"),
    Verb.CONSENT_REQUEST_REFUSED: _l("did not agree, by a link"),
    Verb.WORK_MADE: _l("entered a work"),
    Verb.WORK_CHANGED: _l("changed a work"),
    Verb.WORK_DELETED: _l("deleted a draft"),
    Verb.WORK_SUBMITTED: _l("submitted a work"),
    Verb.WORK_PROPOSED: _l("proposed a change to a work"),
    Verb.WORK_TAKEN_BACK: _l("took a submission back"),
    Verb.WORK_PRIVATE_SHARED: _l("shared private details for a review"),
    Verb.WORK_PRIVATE_UNSHARED: _l("ended the sharing of private details"),
    Verb.WORK_ACCEPTED: _l("accepted a work"),
    Verb.WORK_RETURNED: _l("returned a work"),
    Verb.WORK_DECLINED: _l("declined a work"),
    Verb.WORK_DECIDED_AS_ONE_OF_TWO: _l("decided on a work as one of two"),
    Verb.WORK_DECISION_UNDONE: _l("took a decision back"),
    Verb.WORK_VETOED: _l("took a work off view because of a risk"),
    Verb.WORK_VETO_LIFTED: _l("lifted the veto on a work"),
    Verb.WORK_LOOKED_AT_LATER: _l("looked at a work that was accepted at once"),
    Verb.WORK_PICTURE_RETRIED: _l("had a picture tried again"),
    Verb.WORK_VOICE_REMOVED: _l("deleted the voice of a work"),
    Verb.WORK_PUT_OFF: _l("postponed a work"),
    Verb.WORK_HINT_WAVED_OFF: _l("dismissed a hint"),
    Verb.WORK_HINT_TAKEN_UP: _l("restored a hint"),
    Verb.WORK_TOLD_APART: _l("decided that two works with nearly the same picture are different"),
    Verb.WORK_FOUND_TWICE: _l("found that two works are the same"),
    Verb.WORK_ASKED_ABOUT: _l("asked an organisation about a picture that was sent twice"),
    Verb.WORK_COMPARED_AGAIN: _l("compared two works again"),
    Verb.IMPORT_SENT: _l("sent a sheet of works"),
    Verb.IMPORT_CHECKED_AGAIN: _l("had a sheet of works checked again"),
    Verb.IMPORT_CONFIRMED: _l("imported a sheet of works"),
    Verb.IMPORT_TAKEN_BACK: _l("took an import back"),
    Verb.EXPORT_MADE: _l("had an export made"),
    Verb.EXPORT_RECORDS_READ: _l("downloaded an export's records with the signed forms"),
    Verb.EXPORT_WORKS_READ: _l("downloaded an export's works"),
    Verb.REASON_MADE: _l("added a standard reason"),
    Verb.REASON_CHANGED: _l("changed a standard reason"),
    Verb.REASON_DELETED: _l("removed a standard reason"),
    Verb.ROUND_OPENED: _l("opened a scoring round"),
    Verb.ROUND_SCORED: _l("scored a work in a round"),
    Verb.ROUND_CLOSED: _l("ended a scoring round"),
    Verb.REPORT_MADE: _l("reported a work"),
    Verb.REPORT_READ: _l("read a report"),
    Verb.REPORT_CLOSED: _l("closed a report"),
    Verb.MESSAGE_MADE: _l("sent a message"),
    Verb.MESSAGE_READ: _l("read a message"),
    Verb.MESSAGE_CLOSED: _l("closed a message"),
    Verb.THEME_MADE: _l("created a theme"),
    Verb.THEME_CHANGED: _l("changed a theme"),
    Verb.THEME_REPEATED: _l("created a theme for the next time"),
    Verb.THEME_CALL_OPENED: _l("set the days of a call"),
    Verb.THEME_EXTENDED: _l("gave an organisation more time"),
    Verb.THEME_COVER_SET: _l("chose the cover of a theme"),
    Verb.EXHIBITION_MADE: _l("created an exhibition"),
    Verb.EXHIBITION_CHANGED: _l("changed an exhibition"),
    Verb.EXHIBITION_ROOM_MADE: _l("created a room"),
    Verb.EXHIBITION_ROOM_CHANGED: _l("changed a room"),
    Verb.EXHIBITION_ROOM_MOVED: _l("moved a room"),
    Verb.EXHIBITION_ROOM_CLOSED: _l("closed a room"),
    Verb.EXHIBITION_WORK_HUNG: _l("hung a work"),
    Verb.EXHIBITION_WORK_MOVED: _l("moved a work"),
    Verb.EXHIBITION_WORK_TAKEN_DOWN: _l("took a work down"),
    Verb.EXHIBITION_WORK_LEFT_OUT: _l("left a work out of a room's rule"),
    Verb.EXHIBITION_WORK_LET_IN: _l("let a work into a room's rule again"),
    Verb.EXHIBITION_CAPTION_CHANGED: _l("changed a caption"),
    Verb.EXHIBITION_CREDITS_CHANGED: _l("changed the credits"),
    Verb.EXHIBITION_LOGO_SET: _l("set a logo in the credits"),
    Verb.EXHIBITION_LOGO_REMOVED: _l("removed a logo from the credits"),
    Verb.EXHIBITION_TALKS_CHANGED: _l("changed the talks"),
    Verb.EXHIBITION_BLOCKS_CHANGED: _l("changed what stands between the works"),
    Verb.EXHIBITION_LINK_MADE: _l("created a preview link"),
    Verb.EXHIBITION_LINK_ENDED: _l("ended a preview link"),
    Verb.EXHIBITION_PUBLISHED: _l("published an exhibition"),
    Verb.EXHIBITION_RESTORED: _l("restored an edition into the draft"),
    Verb.EXHIBITION_PLAN_CANCELLED: _l("cancelled a planned edition"),
    Verb.EXHIBITION_UNPUBLISHED: _l("took an exhibition off the site"),
    Verb.SUPPORTER_MADE: _l("asked a supporter to agree"),
    Verb.SUPPORTER_CHANGED: _l("changed a supporter's words"),
    Verb.SUPPORTER_LINK_SENT: _l("had a new link sent to a supporter"),
    Verb.SUPPORTER_AGREED: _l("agreed to be named as a supporter"),
    Verb.SUPPORTER_REFUSED: _l("did not agree to be named as a supporter"),
    Verb.SUPPORTER_TAKEN_BACK: _l("took a supporter off the site"),
    Verb.SUPPORTER_PICTURE_SET: _l("set a supporter's picture"),
    Verb.SUPPORTER_PICTURE_REMOVED: _l("removed a supporter's picture"),
    Verb.SUPPORTER_REACH_MADE: _l("made a short link of a supporter"),
    Verb.SUPPORTER_REACH_ENDED: _l("ended a short link of a supporter"),
    Verb.SUPPORTER_READ: _l("read a supporter's mail address"),
}

KIND_WORDS: Mapping[str, Any] = {
    "account": _l("Account"),
    "invitation": _l("Invitation"),
    "member": _l("Member"),
    "owner_request": _l("Request for a new owner"),
    "site": _l("Site"),
    "mail": _l("Mail"),
    "organisation": _l("Organisation"),
    "token": _l("Token"),
    "application": _l("Application"),
    "project": _l("Project"),
    "case": _l("Case"),
    "artist": _l("Artist"),
    "consent": _l("Consent"),
    "consent_request": _l("Request for consent"),
    "work": _l("Work"),
    "import": _l("Import"),
    "export": _l("Export"),
    "reason": _l("Standard reason"),
    "round": _l("Scoring round"),
    "report": _l("Report"),
    "message": _l("Message"),
    "theme": _l("Theme"),
    "exhibition": _l("Exhibition"),
    "supporter": _l("Supporter"),
}

# Curators may read entries about actions that they may do or see themselves. They may not read entries about
# accounts, drafts, artists, consents or mails.
VERBS_FOR_CURATORS = frozenset(
    verb
    for verb in Verb
    if kind_of(verb)
    in {
        "member",
        "organisation",
        "application",
        "project",
        "case",
        "work",
        "reason",
        "round",
        "report",
        "theme",
        "exhibition",
    }
    and verb not in {Verb.WORK_MADE, Verb.WORK_CHANGED, Verb.WORK_DELETED, Verb.CASE_MADE, Verb.CASE_CHANGED}
)
