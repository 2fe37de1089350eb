"""What all pages share: the board, the settings, the templates, the limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from fastapi import Request
from jinja2 import Environment

from drb import Board
from portal.security import Limits
from portal.settings import PortalSettings

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Portal:
    """One running portal."""

    board: Board
    settings: PortalSettings
    templates: Environment
    # Somebody who types ten wrong passwords a minute is not a person; a page a tenth of a second for a minute neither.
    tries: Limits = field(default_factory=lambda: Limits(10, 60))
    requests: Limits = field(default_factory=lambda: Limits(600, 60))

    def render(self, template: str, **context: Any) -> str:
        """Fill in a template."""
        return self.templates.get_template(template).render(**context)


def portal_of(request: Request) -> Portal:
    """The portal that answers a request."""
    return cast(Portal, request.app.state.portal)
