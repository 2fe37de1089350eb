"""naru board organisation | person: who takes part."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli import show
from flows.cli.options import Actor, Json, acting, choice

organisations = typer.Typer(no_args_is_help=True, help="Hospitals, shared boards, startups, the programme.")
ROLES = (
    "DATA_ENGINEER, RELEASE_AUTHOR, MEMBER, SECRETARY, CHAIR, PRIVACY_OFFICER, STARTUP_USER, COORDINATOR, AUDITOR or "
    "ADMIN; may be given several times."
)
people = typer.Typer(no_args_is_help=True, help="People and their roles; a second administrator confirms roles.")


@organisations.command(
    "add",
    epilog="Example: naru board organisation add seoul01 --kind hospital --name-ko 서울병원 --name-en 'Seoul Hospital'",
)
def add_organisation(
    organisation: Annotated[str, typer.Argument(metavar="ID")],
    kind: Annotated[str, typer.Option("--kind", help="hospital, board, startup or programme.")],
    name_ko: Annotated[str, typer.Option("--name-ko")],
    name_en: Annotated[str, typer.Option("--name-en")],
    site: Annotated[
        str | None, typer.Option("--site", help="A hospital's site; default: the organisation's id.")
    ] = None,
    actor: Actor = None,
) -> None:
    """Register an organisation (an administrator; on an empty board: --as system)."""
    from drb import open_board
    from drb.states import OrganisationKind
    from flows.home import home

    chosen = choice(OrganisationKind, kind, "--kind")
    site_id = (site or organisation) if chosen is OrganisationKind.HOSPITAL else None
    with open_board(home().make().board_url) as board:
        board.people.add_organisation(acting(actor), organisation, chosen, name_ko, name_en, site_id=site_id)
    show.text(f"{organisation}: registered")


@organisations.command("list")
def list_organisations(as_json: Json = False) -> None:
    """The registered organisations."""
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        found = board.people.organisations()
    if as_json:
        show.as_json([o.to_json() for o in found])
    else:
        show.table(
            ("organisation", "kind", "이름", "name", "site"),
            [(o.id, o.kind.en, o.name_ko, o.name_en, o.site_id or "") for o in found],
        )


@people.command(
    "add", epilog="Example: naru board person add lee --name 이서연 --organisation seoul01 --role SECRETARY --as admin1"
)
def add_person(
    person: Annotated[str, typer.Argument(metavar="ID")],
    name: Annotated[str, typer.Option("--name")],
    organisation: Annotated[str, typer.Option("--organisation")],
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            help=ROLES,
        ),
    ] = None,
    actor: Actor = None,
) -> None:
    """Register a person and propose roles; another administrator confirms them (naru board person confirm)."""
    from drb import open_board
    from drb.states import Role
    from flows.home import home

    roles = [choice(Role, one, "--role") for one in role or ()]
    with open_board(home().make().board_url) as board:
        added = board.people.add_person(acting(actor), name, organisation, roles, person_id=person)
    waiting = (
        f"; to be confirmed by another administrator: {', '.join(r.value for r in added.pending)}"
        if added.pending
        else ""
    )
    show.text(f"{added.id}: registered{waiting}")


@people.command("confirm", epilog="Example: naru board person confirm lee --as admin2")
def confirm(person: Annotated[str, typer.Argument(metavar="ID")], actor: Actor = None) -> None:
    """Confirm, as a second administrator, the roles that were proposed for a person."""
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        confirmed = board.people.confirm_roles(acting(actor), person)
    show.text(f"{person}: {', '.join(r.value for r in confirmed.roles)}")


@people.command("list")
def list_people(as_json: Json = False) -> None:
    """The registered people."""
    from drb import open_board
    from flows.home import home

    with open_board(home().make().board_url) as board:
        found = board.people.list()
    if as_json:
        show.as_json([p.to_json() for p in found])
    else:
        rows = [
            (p.id, p.organisation, ", ".join(r.value for r in p.roles), ", ".join(r.value for r in p.pending))
            for p in found
        ]
        show.table(("person", "organisation", "roles", "to be confirmed"), rows)
