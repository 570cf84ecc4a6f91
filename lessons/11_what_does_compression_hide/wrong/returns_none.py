"""Nothing is ever complete."""


class Inflater:
    def take(self, opcode, fin, rsv1, payload):
        return None
