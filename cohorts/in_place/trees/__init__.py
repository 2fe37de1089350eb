"""SQL as sqlglot trees, of the few pieces that every engine spells alike, and of our own where engines differ.

No SQL text is ever parsed here, and none is translated from one dialect to another: sqlglot does that silently wrong for date
arithmetic, ordered aggregates, TRY_CAST, QUALIFY and SEMI JOIN.
"""

from cohorts.in_place.trees.comparisons import (
    compare,
    every,
    exists,
    found_in,
    is_null,
    matches,
    negated,
    one_of,
    some,
)
from cohorts.in_place.trees.groups import (
    ascending,
    count_among,
    count_distinct,
    count_rows,
    descending,
    largest,
    largest_before,
    row_number,
    running_total,
    smallest,
)
from cohorts.in_place.trees.pieces import Tree
from cohorts.in_place.trees.queries import (
    Join,
    Query,
    Select,
    all_of,
    also,
    columns,
    derived,
    first_place,
    inner,
    left,
    looked_at,
    names_of,
    select,
    single,
    table,
    tables_read,
    widest,
)
from cohorts.in_place.trees.values import (
    add_days,
    case,
    cast,
    column,
    day,
    days_between,
    decimal,
    earliest,
    first_filled,
    flag,
    latest,
    minus,
    nothing,
    plus,
    ratio,
    times,
    whole,
    word,
    year,
)

__all__ = [
    "Join", "Query", "Select", "Tree", "add_days", "all_of", "also", "ascending", "case", "cast", "column", "columns",
    "compare", "count_among", "count_distinct", "count_rows", "day", "days_between", "decimal", "derived", "descending",
    "earliest", "every", "exists", "first_filled", "first_place", "flag", "found_in", "inner", "is_null", "largest",
    "largest_before", "latest", "left", "looked_at", "matches", "minus", "names_of", "negated", "nothing", "one_of", "plus",
    "ratio", "row_number", "running_total", "select", "single", "smallest", "some", "table", "tables_read", "times", "whole", "widest",
    "word", "year",
]  # fmt: skip
