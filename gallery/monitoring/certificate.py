"""Reading the site's own certificate from the proxy in front of the site."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509

CONNECT_SECONDS = 10


async def certificate_dates(site_url: str) -> tuple[datetime, datetime]:
    """The first and last moment of the certificate that the site's address presents. Raises OSError, ValueError.

    The certificate is not verified: expired ones must be readable, too, and nothing is sent over the
    connection.
    """
    url = urlsplit(site_url)
    address = (url.hostname or "", url.port or 443)
    pem = await asyncio.to_thread(ssl.get_server_certificate, address, timeout=CONNECT_SECONDS)
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc
