"""An nginx that answers GET /sessions/{token}, so that the server is never what is measured."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["BODY", "TOKEN", "running", "stamped"]

STAMP = "2026-01-01T00:00:00.000Z"
TOKEN = "XqCmeTVgYXrbWrZFZEymkD"  # noqa: S105  an example of the API
"""Stands for the token that was asked for, which an answer must name."""
BODY = (
    '{"message":"The session is being processed.","request_status":"ok",'
    '"data":{"service_address":"1420 Washington Blvd, Detroit, MI 48201"},'
    f'"meta":{{"session_token":"{TOKEN}","session_status":"open",'
    f'"responded_at":"{STAMP}","hum_data_set":"25041808",'
    '"agent_status":{"geocoding":"matched","internet":"pending","checkout":"pending"},'
    '"session_params":{"street1":"1420 Washington Blvd","city":"Detroit","state":"MI",'
    '"zip":"48201"},"service_address":"1420 Washington Blvd, Detroit, MI 48201",'
    '"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z"}}'
)
"""What the API answers with 202 while the agents are at work (hum-api 2.3)."""

# Variables of nginx take the place of what differs from answer to answer.
_BODIES = {
    "same": BODY,
    "stamped": BODY.replace(f'"responded_at":"{STAMP}"', '"responded_at":"$stamp"'),
    "moving": BODY.replace(f'"responded_at":"{STAMP}"', '"responded_at":"$stamp"')
    .replace('"checkout":"pending"', '"checkout":"$checkout"')
    .replace('"service_address":"1420', '"service_address":"1$house'),
}

_CONFIG = """
daemon off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path {prefix}/body;
  proxy_temp_path {prefix}/proxy;
  fastcgi_temp_path {prefix}/fastcgi;
  uwsgi_temp_path {prefix}/uwsgi;
  scgi_temp_path {prefix}/scgi;
  map $msec $stamp {{
    default "2026-01-01T00:00:00.000Z";
    "~(?<second>[0-9])[.](?<millis>[0-9]+)$" "2026-01-01T00:00:0$second.${{millis}}Z";
  }}
  map $msec $house {{ default 420; "~(?<digits>[0-9]+)$" $digits; }}
  map $uri $token {{ "~/sessions/(?<last>[^/]+)$" $last; }}
  split_clients $request_id $checkout {{ 25% pending; 25% matched; 25% multiple; * failed; }}
  server {{
    listen 127.0.0.1:{port};
    {locations}
  }}
}}
"""


def stamped(number: int) -> str:
    """Return the body with its own `responded_at`, as nginx would make it up to 60,000."""
    seconds, millis = divmod(number, 1000)
    return BODY.replace(STAMP, f"2026-01-01T00:00:{seconds % 60:02}.{millis:03}Z", 1)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run nginx on a free port of this machine; yield its URL.

    Below it are three APIs: ``/same`` always gives the same answer, in ``/stamped`` only
    `responded_at` moves on, and in ``/moving`` an agent and the address do as well.

    Raises:
        SystemExit: nginx is not installed, or does not start.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise SystemExit("nginx is not installed; on Debian: apt-get install nginx")
    with tempfile.TemporaryDirectory(prefix="hum-bench-") as prefix:
        port = _free_port()
        config = Path(prefix) / "nginx.conf"
        locations = "\n    ".join(
            f"location /{name}/sessions/ {{ return 202 '{body.replace(TOKEN, '$token')}'; }}"
            for name, body in _BODIES.items()
        )
        config.write_text(
            _CONFIG.format(prefix=prefix, port=port, locations=locations), encoding="ascii"
        )
        # Without -e it would first open the log of the system's own nginx.
        command = [program, "-p", prefix, "-e", f"{prefix}/error.log", "-c", str(config)]
        server = subprocess.Popen(command)  # noqa: S603  our own
        try:
            _wait_for(server, port, Path(prefix) / "error.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.05)
    raise SystemExit(f"nginx does not start:\n{log.read_text() if log.exists() else ''}")
