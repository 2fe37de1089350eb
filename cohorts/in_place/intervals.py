"""A person's intervals that touch or overlap, joined into eras."""

from __future__ import annotations

from cohorts.in_place.trees import (
    Query,
    Select,
    add_days,
    ascending,
    case,
    column,
    columns,
    compare,
    derived,
    descending,
    largest,
    largest_before,
    running_total,
    select,
    smallest,
    whole,
)

_PERSON = ("person_id",)


def joined(rows: Query, gap: int) -> Select:
    """Eras of `rows` (person_id, start_date, end_date), gaps of `gap` days bridged: person_id, start_date, end_date.

    Each row is made `gap` days longer; a row starts an era if it starts after every end before it (in order of start,
    then end), which circe-be leaves to the database where a row ends before it starts. The gap is taken off again.
    """
    start, end = column("start_date"), column("end_date")
    longer = select(
        {"person_id": column("g.person_id"), "start_date": column("g.start_date"), "end_date": add_days(column("g.end_date"), gap)},
        derived(rows, "g"),
    )  # fmt: skip
    before = largest_before(end, _PERSON, [ascending(start), ascending(end)])
    touches = case([(compare(before, ">=", start), whole(0))], whole(1))
    opened = select({**columns("l", ["person_id", "start_date", "end_date"]), "opens": touches}, derived(longer, "l"))
    order = [ascending(start), descending(column("opens")), ascending(end)]
    numbered = select(
        {
            **columns("o", ["person_id", "start_date", "end_date"]),
            "era": running_total(column("opens"), _PERSON, order),
        },
        derived(opened, "o"),
    )
    return select(
        {
            "person_id": column("n.person_id"),
            "start_date": smallest(column("n.start_date")),
            "end_date": add_days(largest(column("n.end_date")), -gap),
        },
        derived(numbered, "n"),
        group_by=["n.person_id", "n.era"],
    )
