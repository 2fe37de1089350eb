"""The random numbers of the synthetic hospital: counter-based, integer arithmetic, stable for ever.

A draw is a pure function of a 32-bit key and a salt, so it depends on no state, order, thread count or library
version. `mix` is the 32-bit finaliser of MurmurHash3's family in the form of Chris Wellons' "lowbias32" (public domain,
https://nullprogram.com/blog/2018/07/31/): a bijection on 32 bits, so different people never share a key. DuckDB's
`hash()`, `random()` and `setseed()` promise no stability between versions and are not used.
"""

from __future__ import annotations

import hashlib

# Values are UBIGINTs below 2^32; every product fits 64 bits.
MACROS = (
    "CREATE MACRO low(x) AS x & 4294967295::UBIGINT",
    "CREATE MACRO fold(x, places) AS xor(x, x >> places)",
    """CREATE MACRO mix(x) AS
       fold(low(fold(low(fold(low(x), 16) * 2146121005::UBIGINT), 15) * 2221713035::UBIGINT), 16)""",
    # A key for the j-th thing below a key (visit of a person, measurement of a visit).
    "CREATE MACRO below(key, j) AS mix(key + (j + 1)::UBIGINT * 668265263::UBIGINT)",
    "CREATE MACRO draw(key, salt) AS mix(key + salt::UBIGINT * 2654435769::UBIGINT)",
    # In [0, 1).
    "CREATE MACRO u(key, salt) AS draw(key, salt)::DOUBLE / 4294967296.0",
    # An integer in 0 .. n-1.
    "CREATE MACRO pick(key, salt, n) AS ((draw(key, salt) * n::UBIGINT) >> 32)::BIGINT",
    # Mean 0, standard deviation 1, within +-3: the sum of three uniforms, which needs no libm.
    """CREATE MACRO bell(r) AS
       (((r & 1023) + ((r >> 10) & 1023) + ((r >> 20) & 1023))::DOUBLE / 1023.0 - 1.5) * 2.0""",
    "CREATE MACRO clock(day, minutes) AS make_timestamp(((day - DATE '1970-01-01') * 1440 + minutes) * 60000000)",
)


def base(*parts: object) -> int:
    """The 32-bit number that a hospital's name, seed and generator version start its draws from."""
    text = "|".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
