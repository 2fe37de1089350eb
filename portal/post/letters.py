"""What a letter says: case number, study, organisation, action needed, due date, link. Never a count, never a person's words."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import quote

from drb.outbox import Message, Post
from portal.words import catalogue, say


@dataclass(frozen=True)
class Letter:
    """A letter, and the notices that it tells."""

    notices: tuple[int, ...]
    message: EmailMessage


def letters(post: Post, sender: str, address: str, *, digest: bool) -> list[Letter]:
    """Write one letter for each notice, or one digest of all."""
    if digest:
        subject = say(post.lang, "mail.digest")
        body = "\n\n".join(told(message, post.lang, address) for message in post.messages)
        return [Letter(tuple(m.notice for m in post.messages), _letter(post, sender, subject, body))]
    found = []
    for message in post.messages:
        what = needed(message.action, post.lang)
        subject = say(post.lang, "mail.subject", what=what, number=message.number)
        found.append(Letter((message.notice,), _letter(post, sender, subject, told(message, post.lang, address))))
    return found


def needed(action: str, lang: str) -> str:
    """What is needed, in words. A reminder's action ends with its days: use_ends_30."""
    name = action.rpartition("_")[0] if action.rpartition("_")[2].isdecimal() else action
    key = f"mail.{name}"
    return say(lang, key) if key in catalogue(lang) else say(lang, "mail.remind")


def told(message: Message, lang: str, address: str) -> str:
    """One notice as lines."""
    organisation = message.organisation_ko if lang == "ko" else message.organisation_en
    lines = [
        say(lang, "mail.line", number=message.number, study=message.study, organisation=organisation),
        say(lang, "mail.what", what=needed(message.action, lang)),
    ]
    if message.due is not None:
        lines.append(say(lang, "mail.due", due=message.due.isoformat()))
    kind, _, key = message.object.partition(":")
    if address:
        lines.append(f"{address.rstrip('/')}/{kind}s/{quote(key)}")
    return "\n".join(lines)


def _letter(post: Post, sender: str, subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, post.email, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{say(post.lang, 'mail.hello')}\n\n{body}\n\n{say(post.lang, 'mail.foot')}\n", cte="base64")
    message["Content-Language"] = post.lang
    return message
