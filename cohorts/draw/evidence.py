"""The draw on one page: who was drawn, Table 1, the love plot, and why cases found no control. Nothing of it comes from outside.

It is made of what disclosure control let through (`cohorts.disclosure.Released`) and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from cohorts.disclosure.cells import MARK, NOTES, Count
from cohorts.disclosure.release import Released
from cohorts.disclosure.tables import text
from cohorts.disclosure.unmatched import ELSEWHERE
from cohorts.draw.balance import sex_name
from cohorts.draw.loveplot import Line, love_plot, name
from cohorts.draw.words import FACTORS, REASONS, WORDS

STYLE = """body{font-family:sans-serif;color:#222;max-width:54rem;margin:2rem auto;padding:0 1rem;line-height:1.5}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tr.all td{font-weight:bold}svg{max-width:100%;height:auto}.note{color:#555}"""


def page(title: str, released: Released, wanted: Mapping[str, int], threshold: int, lang: str = "en") -> str:
    """HTML text, the same for the same content. wanted: role -> people; lang 'en' or 'ko'."""
    say = WORDS[lang]
    parts = [
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<h2>{say['draw']}</h2>",
        _table((say["people"], say["cases"], say["controls"]), numbers(released, wanted, lang)),
        *_attrition(released, lang),
        f"<h2>{say['table1']}</h2>",
        _table(table1_heads(lang), table1_lines(released, lang)),
        f"<h2>{say['balance']}</h2>",
        love_plot([Line.released(row) for row in released.balance], lang),
        *_unmatched(released.unmatched, lang),
        f'<p class="note">{escape(NOTES[lang].format(threshold=threshold))}</p>',
        "</body></html>\n",
    ]
    return "\n".join(parts)


def numbers(released: Released, wanted: Mapping[str, int], lang: str) -> list[tuple[str, ...]]:
    """Lines of people wanted, eligible and drawn: what, cases, controls."""
    say = WORDS[lang]
    people = next(row for row in released.table1 if row["covariate"] == "people")
    eligible = [released.eligible.get(role) for role in ("case", "control")]
    rows: list[tuple[str, ...]] = [(say["wanted"], f"{wanted['case']:,}", f"{wanted['control']:,}")]
    if all(eligible):
        rows.append((say["eligible"], *(count.text for count in eligible if count)))
    return [*rows, (say["drawn"], text(people["cases"]), text(people["controls"]))]


def _attrition(released: Released, lang: str) -> Iterable[str]:
    say = WORDS[lang]
    for role, steps in released.attrition.items():
        yield f"<h2>{say['attrition']}: {escape(say.get(role, role))}</h2>"
        yield _table((say["rule"], say["people"]), [(say.get(s.rule, s.rule), s.people.text) for s in steps])


def table1_heads(lang: str) -> tuple[str, ...]:
    """The heads of `table1_lines`."""
    say = WORDS[lang]
    return say["covariate"], say["cases"], say["controls"], say["smd before"], say["smd after"]


def table1_lines(released: Released, lang: str) -> list[tuple[str, ...]]:
    """Lines of Table 1: covariate and level, cases, controls, SMD before and after (nothing where there is none)."""
    differ = {(row["covariate"], row["level"]): row for row in released.balance}
    return [
        (
            name(r["covariate"], r["level"], lang),
            text(r["cases"]),
            text(r["controls"]),
            *_differences(differ.get((r["covariate"], r["level"]))),
        )
        for r in released.table1
    ]


def _differences(row: Mapping[str, Any] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    if row["withheld"]:
        return MARK, MARK
    before, after = ("" if row[f"smd_{when}"] is None else f"{row[f'smd_{when}']:.3f}" for when in ("before", "after"))
    return before, after


def _unmatched(lines: Sequence[Mapping[str, Any]], lang: str) -> Iterable[str]:
    yield f"<h2>{WORDS[lang]['unmatched']}</h2>"
    heads, rows = unmatched_lines(lines, lang)
    yield _table(heads, rows, last_is_total=True) if rows else f"<p>{WORDS[lang]['all matched']}</p>"


def unmatched_lines(lines: Sequence[Mapping[str, Any]], lang: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Heads and lines of `Released.unmatched`: stratum, cases, and how many of them for each reason; last of all strata."""
    say = WORDS[lang]
    reasons = list(lines[0]["why"]) if lines else []
    heads = (say["stratum"], say["unmatched cases"], *(REASONS[lang].get(r, r) for r in reasons))
    return heads, [(stratum(line["levels"], lang), *(_count(line, r) for r in (None, *reasons))) for line in lines]


def _count(line: Mapping[str, Any], reason: str | None) -> str:
    told = line["people"] if reason is None else line["why"][reason]
    return Count(told["count"]).text if told["count"] is not None else MARK


def stratum(levels: Mapping[str, str], lang: str) -> str:
    """Name a stratum by its levels; no levels are all strata."""
    if not levels:
        return WORDS[lang]["all"]
    if ELSEWHERE in levels:
        return WORDS[lang]["elsewhere"]
    return ", ".join(f"{FACTORS[lang].get(f, f)} {level(f, v, lang)}" for f, v in levels.items())


def level(factor: str, value: str, lang: str) -> str:
    """Name a level of a matching factor: a sex in a word, another as it is."""
    if factor == "sex" and value.isdigit():
        return name("sex", sex_name(float(value)), lang).split(": ")[1]
    return value


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], last_is_total: bool = False) -> str:
    rows = list(rows)
    out = ["<table><tr>", *(_cell("th", n, head) for n, head in enumerate(heads)), "</tr>"]
    for at, row in enumerate(rows):
        total = last_is_total and at == len(rows) - 1
        out += ['<tr class="all">' if total else "<tr>", *(_cell("td", n, cell) for n, cell in enumerate(row)), "</tr>"]
    return "".join([*out, "</table>"])


def _cell(tag: str, place: int, content: str) -> str:
    number = ' class="n"' if place else ""
    return f"<{tag}{number}>{escape(content)}</{tag}>"
