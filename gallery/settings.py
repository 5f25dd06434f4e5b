"""The settings, read once from the environment when the site starts."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gallery.numbers import whole_number

LOCALE_FOLDER = Path(__file__).parent / "locale"  # the catalogues of the interface's strings
MAX_SETTING = 10**15  # upper bound of every whole number among the settings


class SettingsError(ValueError):
    """A setting is invalid; the message names it and says which values are valid."""


# Names of the site without a setting: a gallery's name in the languages of the package.
SITE_NAMES = {"zh": "见光", "zh-Hant": "見光", "en": "In the Light"}
_site_names: dict[str, str] = {}  # language → name


def set_site_names(names: Mapping[str, str]) -> None:
    """Set the site's names by language, as a keeper chose them at the desk; empty names are ignored."""
    _site_names.clear()
    _site_names.update(names)


@dataclass(frozen=True)
class MailServer:
    """The mail server of GALLERY_SMTP_URL."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    use_tls: bool = False  # TLS from the first byte
    start_tls: bool | None = None  # None: only if the server offers STARTTLS

    @classmethod
    def of(cls, url: str) -> MailServer:
        """Parse `smtp://`, `smtp+starttls://` or `smtps://` with `user:password@host:port`.

        Raises ValueError.
        """
        parts = urlsplit(url)
        schemes: dict[str, tuple[int, bool, bool | None]] = {
            "smtp": (25, False, None),
            "smtp+starttls": (587, False, True),
            "smtps": (465, True, False),
        }
        if parts.scheme not in schemes or not parts.hostname or parts.path.strip("/"):
            raise ValueError("it takes smtps://user:password@host, smtp+starttls://… or smtp://host")
        port, use_tls, start_tls = schemes[parts.scheme]
        if parts.username and start_tls is None and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("a password goes over smtps:// or smtp+starttls:// only")
        return cls(
            host=parts.hostname,
            port=parts.port or port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            use_tls=use_tls,
            start_tls=start_tls,
        )


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults. `from_env` reads `GALLERY_<NAME>` for each."""

    home: Path  # the folder of the database file, the pictures and the secret key
    database_url: str  # sqlite:///path/to/file or postgresql://user@host/name
    media: Path  # the folder of media/private and media/public
    storage_url: str = ""  # s3://bucket/prefix?endpoint=https://…; empty: the folder of `media`
    storage_key_id: str = ""  # the id of the store's access key
    storage_secret: str = field(default="", repr=False)  # the store's secret key
    storage_public_url: str = ""  # where visitors fetch public pictures; empty: from this site
    site_url: str = "http://127.0.0.1:8000"  # the site's address, in QR codes and links in mails
    languages: tuple[str, ...] = ("zh", "en")  # the site's languages; the first is the default
    site_names: Mapping[str, str] = field(default_factory=dict)  # language → the site's name
    time_zone: str = "Asia/Shanghai"  # the time zone in which days begin
    secret_key: str = field(default="", repr=False)  # signs flash messages and links; kept in home/secret_key
    media_max_age: int = 3600  # seconds a browser may keep a public picture
    purge_url: str = field(default="", repr=False)  # the URL that empties a shared cache in front of the site
    purge_token: str = field(default="", repr=False)  # the bearer token of purge_url
    upload_max_bytes: int = 60_000_000  # the largest picture that can be uploaded
    import_max_bytes: int = 2_000_000_000  # the largest ZIP of pictures with a sheet that can be imported
    api_requests_per_minute: int = 600  # limit for each API token and process
    page_cache_bytes: int = 64_000_000  # memory per process for rendered public pages
    picture_cache_bytes: int = 32_000_000  # memory per process for small pictures and tiles on view
    iiif_cache_bytes: int = 500_000_000  # public storage for IIIF images made on demand
    image_lease_seconds: int = 120  # a worker's lease on a picture; then another worker takes over
    image_seconds: int = 20  # seconds that a request waits for a picture to be opened
    image_worker_seconds: int = 600  # the same for the worker, which then continues with another picture
    image_memory_bytes: int = 608 << 20  # address space of the sandbox that opens one picture
    font_serif: str = ""  # the font file of titles on cards, posters and labels; empty: Noto Serif SC
    font_sans: str = ""  # the font file of the other texts on cards, posters and labels; empty: Noto Sans SC
    session_days: int = 30  # how long a session lasts after its last use
    second_factor: str = (
        ""  # "required" or "offered", for curators and keepers; empty: see Site.asks_second_factor
    )
    invitation_days: int = 14  # how long an invitation is valid
    smtp_url: str = field(default="", repr=False)  # the mail server; without it mails stay in the outbox
    mail_from: str = ""  # the sender's address of mails
    check_links: bool = True  # whether the worker checks the links of projects
    check_private_links: bool = False  # whether these links may lead into a private network
    worker: bool = True  # whether `gallery serve` also starts a worker
    log_format: str = "text"  # "text" or "json"
    slow_request_ms: int = 1000  # a request that takes longer is logged; 0: every request
    metrics_allow: str = "127.0.0.1,::1"  # addresses and networks that may read /metrics
    development: bool = False  # shows /patterns, reloads templates, and prints what blocks the event loop

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def is_https(self) -> bool:
        return self.site_url.startswith("https://")

    @property
    def pictures_origin(self) -> str:
        """The origin of public pictures, such as https://pictures.example.org; "" for this site."""
        parts = urlsplit(self.storage_public_url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    @property
    def own_catalogues(self) -> Path:
        """The folder of the interface's strings that a keeper adds: `locale/<language>/messages.po` in the home."""
        return self.home / "locale"

    @property
    def picture_cache_control(self) -> str:
        """`Cache-Control` of public pictures: browsers may cache them, shared caches may not."""
        return f"private, max-age={self.media_max_age}"

    @property
    def metrics_networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks of GALLERY_METRICS_ALLOW. Raises ValueError."""
        return [ip_network(part.strip()) for part in self.metrics_allow.split(",")]

    @property
    def mail_server(self) -> MailServer | None:
        return MailServer.of(self.smtp_url) if self.smtp_url else None

    @property
    def mail_sender(self) -> str:
        """The sender's address of mails: GALLERY_MAIL_FROM, else `gallery@` with the site's host."""
        return self.mail_from or f"gallery@{urlsplit(self.site_url).hostname}"

    def site_name(self, language: str) -> str:
        """The site's name: as set at the desk, else by the environment, in this or a related language."""
        related = language.partition("-")[0]
        names = (names.get(tag) for names in (_site_names, self.site_names) for tag in (language, related))
        return next(
            filter(None, names), SITE_NAMES.get(language) or SITE_NAMES.get(related) or SITE_NAMES["en"]
        )

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `GALLERY_*` variables. Raises SettingsError with the variable's name."""

        def text(name: str, default: str) -> str:
            return environment.get(f"GALLERY_{name}", "").strip() or default

        def number(name: str, default: int, least: int = 1) -> int:
            raw = text(name, str(default))
            value = whole_number(raw, least, MAX_SETTING)
            if value is None:
                raise SettingsError(
                    f"GALLERY_{name} is {raw[:80]!r}: it takes a whole number from {least} to {MAX_SETTING}."
                )
            return value

        def boolean(name: str, default: bool) -> bool:
            raw = text(name, "1" if default else "0").lower()
            if raw not in {"0", "1", "no", "yes", "false", "true"}:
                raise SettingsError(f"GALLERY_{name} is {raw!r}: it takes 1 or 0.")
            return raw in {"1", "yes", "true"}

        home = Path(text("HOME", ".")).resolve()
        site_url = text("SITE_URL", cls.site_url).rstrip("/")
        if not site_url.startswith(("http://", "https://")):
            raise SettingsError(f"GALLERY_SITE_URL is {site_url!r}: it begins with http:// or https://.")
        languages = read_languages(text("LANGUAGES", ",".join(cls.languages)), home / "locale")
        site_names = {tag: text(f"SITE_NAME_{tag.upper().replace('-', '_')}", "") for tag in languages}
        storage_url = text("STORAGE_URL", "")
        for name in ("STORAGE_KEY_ID", "STORAGE_SECRET", "STORAGE_PUBLIC_URL"):
            if storage_url and name != "STORAGE_PUBLIC_URL" and not text(name, ""):
                raise SettingsError(f"GALLERY_STORAGE_URL is set, and GALLERY_{name} is not.")
            if not storage_url and text(name, ""):
                raise SettingsError(f"GALLERY_{name} is set, and GALLERY_STORAGE_URL is not.")
        storage_public_url = text("STORAGE_PUBLIC_URL", "").rstrip("/")
        if storage_public_url and not re.fullmatch(r"https?://[^\s;,?#'\"]+", storage_public_url):
            raise SettingsError(
                f"GALLERY_STORAGE_PUBLIC_URL is {storage_public_url!r}: it is an address with http:// or https://."
            )
        purge_url = text("PURGE_URL", "")
        if purge_url and not re.fullmatch(r"https?://[^\s/@?#]+(?:[/?][!-~]*)?", purge_url):
            raise SettingsError(
                "GALLERY_PURGE_URL cannot be used: it is an address with http:// or https://."
            )
        if text("PURGE_TOKEN", "") and not purge_url:
            raise SettingsError("GALLERY_PURGE_TOKEN is set, and GALLERY_PURGE_URL is not.")
        time_zone = text("TIME_ZONE", cls.time_zone)
        try:
            ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError(f"GALLERY_TIME_ZONE is {time_zone!r}: no such time zone.") from error
        smtp_url = text("SMTP_URL", "")
        try:
            if smtp_url:
                MailServer.of(smtp_url)
        except ValueError as error:  # the URL may contain a password, so it is not repeated
            raise SettingsError(f"GALLERY_SMTP_URL cannot be used: {error}.") from None
        fonts = {name: text(name, "") for name in ("FONT_SERIF", "FONT_SANS")}
        for name, font in fonts.items():
            if font and not Path(font).is_file():
                raise SettingsError(f"GALLERY_{name} is {font!r}: there is no such file.")
        second_factor = text("SECOND_FACTOR", "")
        if second_factor not in {"", "required", "offered"}:
            raise SettingsError(f"GALLERY_SECOND_FACTOR is {second_factor!r}: it takes required or offered.")
        mail_from = text("MAIL_FROM", "")
        if mail_from and not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", mail_from):
            raise SettingsError(f"GALLERY_MAIL_FROM is {mail_from!r}: it takes an address, name@example.org.")
        log_format = text("LOG_FORMAT", cls.log_format)
        if log_format not in {"text", "json"}:
            raise SettingsError(f"GALLERY_LOG_FORMAT is {log_format!r}: it takes text or json.")
        settings = cls(
            home=home,
            database_url=text("DATABASE_URL", f"sqlite:///{home / 'gallery.sqlite3'}"),
            media=Path(text("MEDIA", str(home / "media"))).resolve(),
            storage_url=storage_url,
            storage_key_id=text("STORAGE_KEY_ID", ""),
            storage_secret=text("STORAGE_SECRET", ""),
            storage_public_url=storage_public_url,
            site_url=site_url,
            languages=languages,
            site_names=site_names,
            time_zone=time_zone,
            secret_key=text("SECRET_KEY", "") or load_or_create_secret(home / "secret_key"),
            media_max_age=number("MEDIA_MAX_AGE", cls.media_max_age, least=0),
            purge_url=purge_url,
            purge_token=text("PURGE_TOKEN", ""),
            upload_max_bytes=number("UPLOAD_MAX_BYTES", cls.upload_max_bytes),
            import_max_bytes=number("IMPORT_MAX_BYTES", cls.import_max_bytes),
            api_requests_per_minute=number("API_REQUESTS_PER_MINUTE", cls.api_requests_per_minute),
            page_cache_bytes=number("PAGE_CACHE_BYTES", cls.page_cache_bytes, least=0),
            picture_cache_bytes=number("PICTURE_CACHE_BYTES", cls.picture_cache_bytes, least=0),
            iiif_cache_bytes=number("IIIF_CACHE_BYTES", cls.iiif_cache_bytes, least=0),
            image_lease_seconds=number("IMAGE_LEASE_SECONDS", cls.image_lease_seconds),
            image_seconds=number("IMAGE_SECONDS", cls.image_seconds),
            image_worker_seconds=number("IMAGE_WORKER_SECONDS", cls.image_worker_seconds),
            image_memory_bytes=number("IMAGE_MEMORY_BYTES", cls.image_memory_bytes, least=400 << 20),
            font_serif=fonts["FONT_SERIF"],
            font_sans=fonts["FONT_SANS"],
            session_days=number("SESSION_DAYS", cls.session_days),
            second_factor=second_factor,
            invitation_days=number("INVITATION_DAYS", cls.invitation_days),
            smtp_url=smtp_url,
            mail_from=mail_from,
            check_links=boolean("CHECK_LINKS", cls.check_links),
            check_private_links=boolean("CHECK_PRIVATE_LINKS", cls.check_private_links),
            worker=boolean("WORKER", cls.worker),
            log_format=log_format,
            slow_request_ms=number("SLOW_REQUEST_MS", cls.slow_request_ms, least=0),
            metrics_allow=text("METRICS_ALLOW", cls.metrics_allow),
            development=boolean("DEVELOPMENT", cls.development),
        )
        try:
            settings.metrics_networks  # noqa: B018 - parsed once, to find mistakes at the start
        except ValueError as error:
            raise SettingsError(
                f"GALLERY_METRICS_ALLOW is {settings.metrics_allow!r}: it takes addresses and networks, with commas "
                "between them: 127.0.0.1,10.0.0.0/8"
            ) from error
        return settings


def read_languages(text: str, own_catalogues: Path) -> tuple[str, ...]:
    """The languages of GALLERY_LANGUAGES, each of which has a catalogue. Raises SettingsError."""
    folders = [path.parent for root in (LOCALE_FOLDER, own_catalogues) for path in root.glob("*/messages.po")]
    known = {folder.name.lower(): folder.name for folder in folders}
    languages = []
    for part in text.split(","):
        tag = part.strip().lower().replace("_", "-")
        if tag not in known:
            raise SettingsError(
                f"GALLERY_LANGUAGES is {text[:80]!r}, and there is no catalogue for {part.strip()[:40]!r}. It takes "
                f"these, with commas between them: {', '.join(sorted(known.values()))}."
            )
        if known[tag] in languages:
            raise SettingsError(f"GALLERY_LANGUAGES is {text[:80]!r}: {known[tag]} occurs twice.")
        languages.append(known[tag])
    return tuple(languages)


def load_or_create_secret(path: Path) -> str:
    """The secret key in the file `path`, which is created on first use and readable by its owner only."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process created it in the meantime
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret
