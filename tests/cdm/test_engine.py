"""How many threads an engine uses: its limits, else the environment, else DuckDB decide."""

from __future__ import annotations

import pytest

from cdm.engine import THREADS, Limits, connect
from cdm.errors import BadInput


def threads(limits: Limits | None = None) -> int:
    with connect(limits) as con:
        found = con.execute("SELECT current_setting('threads')").fetchone()
        assert found is not None
        return int(found[0])


def test_the_environment_says_how_many_where_limits_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "3")
    assert threads() == threads(Limits(memory="1GB")) == 3
    assert threads(Limits(threads=2)) == 2


@pytest.mark.parametrize("blank", ["", " "])
def test_without_a_word_it_is_duckdbs_own(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.delenv(THREADS, raising=False)
    own = threads()
    monkeypatch.setenv(THREADS, blank)
    assert threads() == own


@pytest.mark.parametrize("given", ["0", "-1", "many", "1.5", "٣", "1025", "99999999999999999999"])
def test_what_is_no_number_of_threads_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(THREADS, given)
    with pytest.raises(BadInput, match=f"{THREADS} is no number of threads; expected a whole number from 1 to 1024"):
        connect()
