"""naru portal: the board's web pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from cdm.errors import BadInput
from flows.cli import show

if TYPE_CHECKING:
    from flows.home import Home
    from portal.settings import Oidc, PortalSettings

# A page changes threads four times on its way. By default a thread that is busy with another page gives way after 5 ms each
# time; a page of 8 ms would wait longer for that than it works.
SWITCH_SECONDS = 0.0005
# Somebody who reads a page for a minute clicks on in the same connection.
KEEP_ALIVE_SECONDS = 75


def portal(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8300,
    address: Annotated[
        str | None,
        typer.Option("--address", help="As browsers see it, e.g. https://drb.example.kr; default http://HOST:PORT."),
    ] = None,
    second_factor: Annotated[
        str, typer.Option("--second-factor", help="required: of everybody who decides; optional: of nobody.")
    ] = "required",
) -> None:
    """Serve the board's web pages until it is stopped. Behind a proxy that speaks https, say --address https://...

    Reads NARU_BOARD_URL; NARU_OIDC_ISSUER, NARU_OIDC_CLIENT_ID and NARU_OIDC_SECRET_FILE for single sign-on;
    PREFECT_UI_URL for links. Example: naru portal --port 8300
    """
    from flows.home import home

    place = home().make()
    settings = settings_of(place, address or f"http://{host}:{port}", second_factor)
    serve(settings, host, port)


def settings_of(place: Home, address: str, second_factor: str) -> PortalSettings:
    """Put the portal's settings together. Raises BadInput."""
    from flows.catalogue import offers, public_keys
    from flows.recall import of_portal
    from portal.settings import PortalSettings, secret_key

    if second_factor not in {"required", "optional"}:
        raise BadInput(f"--second-factor {second_factor}: accepted are required, optional")
    return PortalSettings(
        board_url=place.board_url,
        key=secret_key(place.root / "portal" / "secret.key"),
        store=place.store,
        address=address.rstrip("/"),
        second_factor=cast(Literal["required", "optional"], second_factor),
        prefect=os.environ.get("PREFECT_UI_URL"),
        oidc=_oidc(),
        offers=offers(),
        public_keys=public_keys(place),
        delivery=fetched_from(place.delivery),
        empty_stores=of_portal(place),
    )


def fetched_from(delivery: str) -> str | None:
    """A store's address as startups may be told it; None for a folder of this machine, which says nothing to them."""
    from urllib.parse import urlsplit

    parts = urlsplit(delivery)
    return delivery if parts.scheme in {"s3", "http", "https"} and "@" not in parts.netloc else None


def serve(settings: PortalSettings, host: str, port: int) -> None:
    """Listen until SIGTERM or Ctrl-C. Raises BadInput where the address cannot be had."""
    import socket
    import sys

    import uvicorn

    from portal.app import create_app
    from portal.render import warm

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise BadInput(
            f"--host {host} --port {port}: cannot listen there ({error.strerror or error}); choose another "
            f"port, e.g. --port {port % 65000 + 1}"
        ) from None
    app = create_app(settings)
    warm()
    sys.setswitchinterval(SWITCH_SECONDS)
    show.text(f"the portal is at {settings.address} (board {safe(settings.board_url)}); stop it with Ctrl-C")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=settings.secure,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])


def safe(url: str) -> str:
    """A database's address without its password."""
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def _oidc() -> Oidc | None:
    from portal.settings import Oidc

    issuer = os.environ.get("NARU_OIDC_ISSUER")
    if not issuer:
        return None
    client, secret = os.environ.get("NARU_OIDC_CLIENT_ID"), os.environ.get("NARU_OIDC_SECRET_FILE")
    if not client or not secret:
        raise BadInput("NARU_OIDC_ISSUER needs NARU_OIDC_CLIENT_ID and NARU_OIDC_SECRET_FILE beside it")
    return Oidc(issuer, client, secret_of(Path(secret)))


def secret_of(path: Path) -> str:
    """The first line of a file that only its owner reads. Raises BadInput."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadInput(f"{path}: others may read this secret; close it with: chmod 600 {path}")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise BadInput(
            f"{path}: this file cannot be read; give a text file with the secret in its first line"
        ) from None
    if not lines or not lines[0].strip():
        raise BadInput(f"{path}: the secret belongs into the first line, which is empty")
    return lines[0].strip()
