"""Small hospitals, the board's people and small studies, for tests that take a study the whole way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from drb import open_board
from drb.states import Choice, Role, Route
from flows import sites
from flows.application import form
from flows.demo import cast
from flows.demo.sites import make_keys
from flows.home import Home
from flows.run import grant_id
from flows.study import load, shipped

SEED = 7
PERSONS = 4_000
CONDITIONS = {"expires_on": "2035-12-31"}
# Besides the demo's people: one who may both build and review at each hospital, to be refused at their own work.
BOTH = {"gibleed": "gibleed_both", "hanbit": "hanbit_both"}


def small_study(study_id: str, folder: Path, **changes: Any) -> Path:
    """A shipped study with smaller numbers, as a study file of its own. changes: key=value, __ for a nested key."""
    target = folder / study_id
    shutil.copytree(shipped(study_id).parent, target, ignore=shutil.ignore_patterns("__pycache__", "*.md"))
    path = target / "study.yaml"
    asked = yaml.safe_load(path.read_text(encoding="utf-8"))
    small = {"draw__cases": 60, "draw__controls": 60, "quality__min_cases": 10, "quality__min_controls": 10}
    for key, value in {**small, **changes}.items():
        inner = asked
        *above, last = key.split("__")
        for part in above:
            inner = inner[part]
        inner[last] = value
    for required in asked["quality"].get("required_concepts", ()):
        required["min_people"] = 10
    path.write_text(yaml.safe_dump(asked, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def gather(home: Home) -> None:
    """The demo's organisations and people, and at each hospital one who is both author and reviewer."""
    with open_board(home.make().board_url) as board:
        cast.gather(board)
        first, second = (admin.id for admin in cast.ADMINS)
        for site, person in BOTH.items():
            roles = (Role.DATA_ENGINEER, Role.RELEASE_AUTHOR, Role.MEMBER)
            board.people.add_person(first, "양쪽", site, roles, person_id=person)
            board.people.confirm_roles(second, person)


def approved_case(home: Home, study: Path, site: str, **conditions: Any) -> str:
    """An application that has gone its whole way, with keys from the seed. Returns the case's id."""
    loaded = load(study)
    case = f"case-{loaded.id}-{site}".replace("_", "-")
    with open_board(home.board_url) as board:
        board.cases.create(cast.APPLICANT, case_id=case, **form(loaded, site, "IRB-1", {**CONDITIONS, **conditions}))
        board.cases.submit(cast.APPLICANT, case)
        board.cases.screen(cast.SECRETARY, case)
        board.cases.route(cast.SECRETARY, case, Route.FULL)
        for member in cast.MEMBERS:
            board.cases.vote(member, case, Choice.APPROVE)
        board.cases.approve(cast.CHAIR, case)
    make_keys(home, SEED, site, grant_id(case, site, loaded.id))
    return case


def site_arguments(site: str, source: str, *more: object) -> tuple[object, ...]:
    """The arguments with which `naru` registers a hospital."""
    return ("site", "add", site, "--source", source, "--name-ko", "작은병원", "--name-en", "Small hospital", *more)


def home_with_case(
    folder: Path, study: Path, site: str, source: str, known_names: Path | None = None, **conditions: Any
) -> Home:
    """A home in which this study may be extracted at this hospital."""
    home = Home(folder)
    gather(home)
    sites.add(
        home,
        {
            "id": site,
            "source": source,
            "name": {"ko": "작은병원", "en": "Small hospital"},
            "memory": "500MB",
            "known_names": str(known_names) if known_names else None,
        },
    )
    approved_case(home, study, site, **conditions)
    return home
