"""What of a draw goes into its package: nothing that disclosure control withholds, in no document."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest

from cohorts.draw.spec import DrawSpec
from flows.stages.tables_of_counts import documents, released

TITLE = {"ko": "연구", "en": "A study"}
WANTED = {"case": 400, "control": 400}
SPEC = DrawSpec(cases=400, controls=400, match=("sex",))


def share(covariate, level, before, after):
    return {
        "covariate": covariate, "level": level, "kind": "share", "smd_before": before, "smd_after": after,
        "variance_ratio_before": 1.21, "variance_ratio_after": 1.07,
    }  # fmt: skip


def count(covariate, level, cases, controls):
    return {"covariate": covariate, "level": level, "kind": "count", "cases": cases, "controls": controls}


def stratum(sex, **why):
    return {"levels": {"sex": sex}, "available": 300, "drawn": 176, "unmatched": sum(why.values()), "why": why}


ATTRITION = {"case": {"steps": [{"rule": "primary events", "people": 900}, {"rule": "cohort", "people": 600}]}}
DRAWN = {
    "available": {"cases": 500, "controls": 5000},
    "table1": [
        count("people", None, 352, 352),
        count("sex", "male", 176, 176),
        count("sex", "female", 176, 176),
        count("condition_42", "no", 348, 302),
        count("condition_42", "yes", 4, 50),
        {"covariate": "age", "level": None, "kind": "mean", "cases": 61.5, "controls": 61.25, "cases_sd": 9.5, "controls_sd": 9.25},
        count("egfr", "known", 348, 347),
        count("egfr", "missing", 4, 5),
        {"covariate": "egfr", "level": None, "kind": "mean", "cases": 77.7, "controls": 76.5, "cases_sd": 9.5, "controls_sd": 9.25},
    ],
    "balance": [
        {**share("age", None, 0.4321, 0.0123), "kind": "mean"},
        share("sex", "male", 0.2468, 0.0135),
        share("sex", "female", 0.2468, 0.0135),
        share("condition_42", "yes", 0.7531, 0.3579),
        {**share("egfr", None, 0.6666, 0.0444), "kind": "mean"},
        share("egfr", "missing", 0.5432, 0.0987),
    ],
    "unmatched": [stratum("8507", all_taken=60, outside_caliper=3), stratum("8532", all_taken=40)],
}  # fmt: skip


def made_of(drawn):
    return documents(released(ATTRITION, drawn, SPEC, 10), TITLE, WANTED, 10)


def planted(cases, smd):
    """The same draw with other figures in the cell that is too small."""
    drawn = deepcopy(DRAWN)
    drawn["table1"][3]["cases"], drawn["table1"][4]["cases"] = 352 - cases, cases
    drawn["balance"][3] = share("condition_42", "yes", *smd)
    return drawn


def test_no_document_depends_on_a_figure_that_is_withheld():
    assert made_of(planted(4, (0.7531, 0.3579))) == made_of(planted(7, (-1.25, 0.0011)))


def test_it_does_depend_on_those_that_are_told():
    changed = made_of(planted(40, (0.7531, 0.3579)))
    assert {name for name, content in made_of(DRAWN).items() if content != changed[name]} >= {
        "table1.csv", "balance.csv", "balance.ko.svg", "balance.en.svg", "draw.ko.html", "draw.en.html",
    }  # fmt: skip


@pytest.mark.parametrize(("lang", "word"), [("en", "withheld"), ("ko", "비공개")])
def test_the_plot_says_which_differences_are_withheld(lang, word):
    plot = made_of(DRAWN)[f"balance.{lang}.svg"].decode()
    assert plot.count(f"* {word}") == 3, "condition 42, eGFR, missing eGFR"
    legend, told = 2, 2 * 3
    assert plot.count("<circle") == legend + told


def test_balance_marks_what_is_withheld():
    lines = made_of(DRAWN)["balance.csv"].decode().splitlines()
    assert lines[1:5] == [
        "age,,mean,0.432,0.012,1.21,1.07",
        "sex,male,share,0.247,0.013,,",
        "sex,female,share,0.247,0.013,,",
        "condition_42,yes,share,*,*,*,*",
    ]


def test_a_mean_of_those_who_have_a_value_goes_with_their_number():
    """348 of 352 have one: their number would tell of the four who have none, so it and what is made of it is withheld."""
    table1 = made_of(DRAWN)["table1.csv"].decode()
    assert "egfr,known,count,*,*" in table1
    assert "egfr,,mean,*,*" in table1
    assert "77.7" not in "".join(content.decode() for content in made_of(DRAWN).values())


def test_unmatched_cases_are_told_by_stratum_and_reason_and_the_few_are_not():
    assert (
        made_of(DRAWN)["unmatched.csv"].decode().splitlines()
        == [
            "stratum,reason,cases",
            "sex male,all_taken,*",
            "sex male,outside_caliper,*",
            "sex male,all,*",
            "sex female,all_taken,40",
            "sex female,outside_caliper,0",
            "sex female,all,40",
            "all strata,all_taken,*",
            "all strata,outside_caliper,*",
            "all strata,all,103",
        ]
        or made_of(DRAWN)["unmatched.csv"].decode()
    )


def test_a_stratum_of_a_few_has_no_line_of_its_own():
    drawn = {**DRAWN, "unmatched": [*DRAWN["unmatched"], {**stratum("0", all_taken=2), "levels": {"sex": "8521"}}]}
    text = made_of(drawn)["unmatched.csv"].decode()
    assert "8521" not in text
    assert "other strata" in text


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_needs_nothing_from_outside(lang):
    text = made_of(DRAWN)[f"draw.{lang}.html"].decode()
    assert not re.search(r"<(script|link|img)|url\(|https?://(?!www\.w3\.org/2000/svg)", text)
    assert TITLE[lang] in text
    assert "<svg" in text
    assert {"en": "none within the caliper", "ko": "캘리퍼 안에 대조군 없음"}[lang] in text


def test_a_draw_without_unmatched_cases_says_so():
    drawn = {**DRAWN, "unmatched": []}
    assert "Every case that was tried found a control." in made_of(drawn)["draw.en.html"].decode()
    assert made_of(drawn)["unmatched.csv"] == b"stratum,reason,cases\n"
