"""The format of log lines: text or JSON, with the request that caused them, without people's addresses."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from gallery.monitoring.request_log import current_request

TEXT_LINE = "%(asctime)s %(name)s %(levelname)s %(message)s"
TEXT_TIME = "%Y-%m-%dT%H:%M:%S%z"
EXTRA_FIELDS = ("status", "duration_ms")

# A database's message may quote a refused value: PostgreSQL does so after DETAIL.
_MAIL_ADDRESS = re.compile(r"[^\s@<>()\[\]\"',;:=/]+@[^\s@<>()\[\]\"',;:=/]+")
_DETAIL = re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE)


def configure_logging(level: int, log_format: str) -> None:
    """Log to standard error. `log_format` is `text` or `json`."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter(TEXT_LINE, TEXT_TIME))
    logging.basicConfig(level=level, handlers=[handler])


def redacted(text: str) -> str:
    """`text` without mail addresses and without the values that PostgreSQL quotes."""
    return _MAIL_ADDRESS.sub("…@…", _DETAIL.sub(r"\1 …", text))


def request_fields() -> dict[str, str | int]:
    """The current request: its id, method, route and person; empty outside of requests."""
    current = current_request()
    if current is None:
        return {}
    fields = {"request": current.id, "method": current.method, "route": current.route}
    return {**fields, **({"user": current.user_id} if current.user_id is not None else {})}


class TextFormatter(logging.Formatter):
    """One line with time and zone, logger, level and message, and the request in brackets; then a traceback."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in request_fields().items() if value != "")
        return super().formatMessage(record) + (f" [{fields}]" if fields else "")

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object per line, with the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = {
            "time": moment,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage().strip()),
            **request_fields(),
            **{name: getattr(record, name) for name in EXTRA_FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            fields["exception"] = redacted(self.formatException(record.exc_info))
        return json.dumps(fields, ensure_ascii=False)
