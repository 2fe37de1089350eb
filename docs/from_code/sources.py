"""docs/reference/sources.md: the addresses of databases that Naru opens."""

from __future__ import annotations

from cdm.address import ACCEPTED
from cdm.sources.postgres import OPTIONS, STATEMENT_TIMEOUT_SECONDS
from docs.from_code.markdown import page, table

MEANINGS = {
    "schema": "The schema of the clinical tables.",
    "vocabulary_schema": "The schema of the vocabulary tables, where it is another one.",
    "statement_timeout": f"Seconds that one query may take; default {STATEMENT_TIMEOUT_SECONDS}.",
    "host": "The folder of the server's socket, where the connection does not go over a network.",
    "sslmode": "As libpq has it: `require`, `verify-ca`, `verify-full` ...",
    "sslrootcert": "The certificate authority's file.",
    "sslcert": "The client's certificate.",
    "sslkey": "The client's key.",
    "service": "A service of `pg_service.conf`.",
}


def sources() -> str:
    """The page."""
    return page(
        "# Sources: addresses of databases",
        "Every source is opened read-only and holds one state from opening to closing. OMOP CDM 5.3 and 5.4 are accepted.",
        "\n".join(f"- `{address}`" for address in ACCEPTED),
        "A path with three slashes is absolute (`duckdb:///srv/cdm.duckdb`), with two relative to the folder you are in.",
        "`duckdb://` takes `schema` and `vocabulary_schema`. `parquet://` takes no option; the folder holds one `TABLE.parquet`, "
        "or one folder of Parquet files, for each table. `sample://` fetches nothing: the samples come with `make setup`. "
        "`synthetic://` makes a hospital once under `NARU_HOME/data` and takes `persons`, `seed`, and `canaries=yes|no` "
        "(identifiers planted in free text, to prove that none leaves).",
        "`spark://local[CORES]/FOLDER` has Spark on this machine compute on a folder of Parquet files with `--in-place` (everything else "
        "reads the folder as `parquet://` does); it takes `memory`, such as `4g`. `spark://HOST:15002` is a Spark Connect server; it takes "
        "`schema`, `vocabulary_schema` and `tls=yes|no`, sends a token in `NARU_SOURCE_PASSWORD`, and works with `--in-place` only. Spark "
        "holds no one state over several queries ([more](../how-to/large-database.md)).",
        "## Options of postgresql://",
        table(("option", "meaning"), [(f"`{name}`", MEANINGS[name]) for name in OPTIONS]),
        "An address never holds a password: it is refused, and not repeated. Give it in `NARU_SOURCE_PASSWORD`, `PGPASSWORD`, "
        "`~/.pgpass` or the file that `PGPASSFILE` names.",
    )
