"""The evidence pack as one HTML file that needs nothing from outside; the page in the portal draws the same parts."""

from __future__ import annotations

from drb.evidence import Pack
from portal.portal import STATIC
from portal.render import environment
from portal.words import say


def as_html(pack: Pack, lang: str) -> str:
    """Draw a pack."""
    style = (STATIC / "portal.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("evidence_file.html")
        .render(pack=pack, lang=lang, t=lambda key, **fields: say(lang, key, **fields), style=style)
    )
