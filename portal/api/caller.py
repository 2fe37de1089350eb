"""Who calls: a token, hashed on the board's side, with a scope and an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from drb import Board
from drb.sessions import Visitor
from portal.portal import portal_of
from portal.visit import TooMany, address

bearer = HTTPBearer(auto_error=False, description="A token made under 'my account' in the portal.")


class NoToken(Exception):
    """No token, or one that is unknown, over or revoked."""


class NoScope(Exception):
    """The token may not do this, whoever it stands for."""


@dataclass(frozen=True)
class Caller:
    """Who calls, and the board."""

    board: Board
    visitor: Visitor

    @property
    def me(self) -> str:
        """The person's id."""
        return self.visitor.actor.id

    def needs(self, scope: str) -> None:
        """Raise NoScope unless the token has a scope."""
        if scope not in (self.visitor.scopes or ()):
            raise NoScope(scope)


def caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Caller:
    """Let a token in."""
    portal = portal_of(request)
    if portal.settings.limits and not portal.requests.take(f"api {given.credentials if given else address(request)}"):
        raise TooMany
    visitor = portal.board.sessions.of_token(given.credentials) if given else None
    if visitor is None:
        raise NoToken
    return Caller(portal.board, visitor)


def reader(found: Annotated[Caller, Depends(caller)]) -> Caller:
    """A token that may read."""
    found.needs("read")
    return found


def doer(found: Annotated[Caller, Depends(caller)]) -> Caller:
    """A token that may act."""
    found.needs("act")
    return found


Reader = Annotated[Caller, Depends(reader)]
Doer = Annotated[Caller, Depends(doer)]
