"""The portal as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from drb import Board, open_board
from drb.quorum import Settings
from portal import faults
from portal.api.routes import router as api
from portal.pages import audit, cases, coordinator, grants, hospital, me, people, queue, releases, startup
from portal.portal import STATIC, Portal
from portal.render import environment
from portal.security import Guarded
from portal.settings import PortalSettings
from portal.sign_in import oidc, routes

PAGES = (queue, cases, releases, grants, startup, hospital, coordinator, people, audit, me, routes, oidc)


def create_app(settings: PortalSettings, board: Board | None = None) -> FastAPI:
    """Make the portal over a board; without one it is opened from the settings and closed at the end."""
    undo = timedelta(minutes=settings.undo_minutes)
    ours = board or open_board(settings.board_url, settings=replace(Settings(), undo=undo))

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        if board is None:
            ours.close()

    app = FastAPI(
        title="Naru portal",
        version="1",
        description="Cases, releases and grants of the data review board. Tokens are made in the portal.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=life,
    )
    app.state.portal = Portal(ours, settings, environment())
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(api)
    for page in PAGES:
        app.include_router(page.router, include_in_schema=False)
    faults.install(app)
    app.add_middleware(Guarded, secure=settings.secure)
    return app
