"""Which field a name means; and, for one that means none, what else may have been meant."""

from inspector.filter.errors import Unfit, meant, named
from inspector.filter.fields import (
    FIELDS,
    MESSAGE_KIND,
    NAMES,
    OPCODE,
    RULE,
    SEVERITY,
    SIDE,
    TYPE,
)
from inspector.filter.tree import Ref

VALUES = (
    ("from", SIDE, "from {}"),
    ("opcode", OPCODE, "opcode == {}"),
    ("finding.severity", SEVERITY, "finding.severity == {}"),
    ("finding.rule", RULE, "finding.rule == {}"),
    ("kind", MESSAGE_KIND, "kind == {}"),
    ("type", TYPE, "type == {}"),
)
"""Kinds whose words people write alone, and what they mean by it."""


def find(word: str, key: str | None) -> Ref:
    """The field of a name, in whatever case it is written. Raises `Unfit`."""
    name = word.lower()
    field = NAMES.get(name)
    if field is not None and field.keyed:
        if not key:
            raise Unfit(f"{named(word)} needs a name", f'try {name}.origin or {name}["user-agent"]')
        return Ref(field, key.lower())
    if key is not None:
        keyed = [each for each, field in FIELDS.items() if field.keyed]
        raise Unfit(f"{named(word)} has no parts in brackets", meant(word, keyed))
    if field is not None:
        return Ref(field)
    for each in FIELDS.values():
        if each.keyed and name.startswith(f"{each.name}."):
            return Ref(each, name[len(each.name) + 1 :])
    raise Unfit(f"there is no field {named(word)}", _instead(name))


def _instead(name: str) -> str:
    for _, kind, sentence in VALUES:
        if name in kind.words:
            return f"did you mean {sentence.format(name)}?"
    near = meant(name, NAMES)
    if not near:
        near = meant(name.rpartition(".")[2], NAMES)
    return near or "--filter help lists the fields"
