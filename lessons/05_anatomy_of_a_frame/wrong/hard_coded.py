"""The hello of the lesson, learned by heart."""


def parse_header(data):
    if len(data) < 6:
        return None
    return {
        "fin": True,
        "opcode": 1,
        "masked": True,
        "length": 5,
        "masking_key": data[2:6],
        "header_length": 6,
    }
