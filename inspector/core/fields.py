"""A field: some bits, their name and value, what that says, and where it is written."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

Value = int | str | None


@dataclass(frozen=True, slots=True)
class Field:
    """Bits `bits[0]` up to, not including, `bits[1]`, counted from the first byte explained.

    `value` is a number, or hex for bytes that are no number, or text in heads. `parts` are what the
    field is made of, where that can be told; they tile it as fields tile a frame.
    """

    name: str
    bits: tuple[int, int]
    value: Value
    words: str
    rfc: str
    parts: "tuple[Field, ...]" = ()

    def moved(self, bits: int) -> "Field":
        """The same field, `bits` further on."""
        if not bits:
            return self
        start, end = self.bits
        parts = tuple(part.moved(bits) for part in self.parts)
        return replace(self, bits=(start + bits, end + bits), parts=parts)

    def leaves(self) -> "Iterator[Field]":
        """Itself, or what it is made of, down to what is made of nothing else."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def moved(fields: "list[Field] | tuple[Field, ...]", bits: int) -> tuple[Field, ...]:
    """The same fields, `bits` further on."""
    return tuple(field.moved(bits) for field in fields)
