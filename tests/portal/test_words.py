"""What the portal says: the same keys in both languages, and no word outside the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import portal
from drb.transitions import MACHINES
from portal.actions import FORMS
from portal.names import action_name
from portal.post.letters import needed
from portal.words import LANGUAGES, catalogue, say

ROOM = Path(portal.__file__).parent
TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
HANGUL = re.compile("[가-힣]")


def test_both_languages_have_every_key_and_the_same_fields() -> None:
    korean, english = (catalogue(lang) for lang in LANGUAGES)
    assert list(korean) == list(english)
    for key in korean:
        assert set(re.findall(r"{\w+}", korean[key])) == set(re.findall(r"{\w+}", english[key])), key


def test_no_language_is_mixed_into_the_other() -> None:
    own_name = {"other_language"}
    assert not [key for key, text in catalogue("en").items() if HANGUL.search(text) and key not in own_name]
    foreign = {key for key, text in catalogue("ko").items() if not HANGUL.search(text)}
    assert foreign == own_name


def test_every_action_of_the_board_has_a_name_and_every_notice_a_sentence() -> None:
    for machine in MACHINES:
        for action in machine.actions:
            for lang in LANGUAGES:
                assert action_name(action, f"{machine.name}:x", lang) in catalogue(lang).values(), (
                    machine.name,
                    action,
                )
    for kind, forms in FORMS.items():
        for action in forms:
            assert say("ko", f"action.{kind}.{action}")
    telling = {row.action for machine in MACHINES for row in machine.rows if row.tell}
    for action in telling:
        assert f"mail.{action}" in catalogue("ko"), action
    assert needed("use_ends_30", "ko") == say("ko", "mail.use_ends")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_words_of_its_own(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not HANGUL.search(text)
    for key in re.findall(r"""(?<![a-z_.])t\(["']([a-z_.]+)["']""", text):
        if not key.endswith("."):
            assert key in catalogue("ko"), key
    bare = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", " ", text, flags=re.DOTALL)
    words = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"&\w+;", " ", bare)))
    assert words <= {"JSON", "CSV", "doctype"}, words
