"""Coverage-guided fuzzing: each parser, given whatever leads it down a path it has not taken yet.

    python -m tests.fuzz [TARGET ...] --seconds N

A target is a file in `targets/` with `check(data)`, which asserts what holds for any bytes, and
`seeds()`, where fuzzing begins: the vectors, in the form that the target reads. Whatever once
failed is kept in `corpus/TARGET/`, under a name that says what it was, and replayed with the seeds
by an ordinary test.
"""
