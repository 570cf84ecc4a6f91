"""The example of the exercise, learned by heart."""


class Inflater:
    def take(self, opcode, fin, rsv1, payload):
        return b"hello" if fin and opcode < 8 else None
