"""Generated definitions of the whole language, each run three ways: by the engine, by circe's SQL, by our reference.

    grammar        what the language has, read off the expression models
    dice           one throw, some of these, one in so many
    attributes     values for every attribute
    definitions    criteria, groups, windows, whole definitions
    sweep          every attribute by itself, where it matters
    answers        the three answers to a definition, and whether they agree
    shrink         the smallest definition, and the fewest rows, that still disagree
    show           what a person reads then
    run            `make test-generative EXAMPLES=10000 SEED=1`

A definition is made from a number, `SEED:n`, and is the same wherever and in whatever order it is made. (Hypothesis makes
the next example from the last ones: of its definitions every tenth was a copy of another, and each took 60 ms to draw.)
"""
