"""The certificates that a TLS connection trusts, when the environment names them."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from hum_async.errors import ConfigurationError

_SEPARATOR = os.pathsep


def trusted(environ: Mapping[str, str]) -> ssl.SSLContext | None:
    """Return a TLS context for ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``; None if neither is set.

    OpenSSL takes the named ones instead of those of the system, as curl does.

    Args:
        environ: The environment.

    Raises:
        ConfigurationError: The file or folder cannot be used. OpenSSL would trust nobody instead,
            and every connection would fail for a reason that no message tells.
    """
    file, folder = environ.get("SSL_CERT_FILE") or None, environ.get("SSL_CERT_DIR") or None
    if file is None and folder is None:
        return None
    if folder is not None and not any(Path(part).is_dir() for part in folder.split(_SEPARATOR)):
        raise ConfigurationError(
            f"SSL_CERT_DIR names {folder}, which is no folder; mend or unset it"
        )
    context = ssl.create_default_context()
    if file is not None:
        try:
            context.load_verify_locations(cafile=file)
        except OSError as exc:  # an ssl.SSLError too
            reason = exc.strerror or "it holds no certificate in PEM form"
            raise ConfigurationError(
                f"SSL_CERT_FILE names {file}, which cannot be used ({reason}); mend or unset it"
            ) from exc
    if folder is not None:
        for part in folder.split(_SEPARATOR):
            context.load_verify_locations(capath=part)
    context.set_alpn_protocols(("http/1.1",))
    return context
