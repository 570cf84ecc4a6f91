"""What was invented gets the number that would be next as sent."""

CONTROL = 8


def differences(near: dict, far: dict) -> list[tuple]:
    """Return a sorted list of all differences that mean something."""
    found = []
    for side in ("client", "server"):
        sent, arrived = (near, far) if side == "client" else (far, near)
        found += fields(side, sent[side]["fields"], arrived[side]["fields"])
        found += frames(side, units(sent[side]["frames"]), units(arrived[side]["frames"]))
    return sorted(found)


def fields(side, sent, arrived):
    before = {name.lower(): value for name, value in sent}
    after = {name.lower(): value for name, value in arrived}
    names = before.keys() | after.keys()
    return [("field", side, name) for name in names if before.get(name) != after.get(name)]


def units(frames):
    """Whole messages and control frames, unmasked: what they say, where, in what lengths."""
    found, message = [], None
    for number, frame in enumerate(frames, 1):
        payload = unmask(frame["payload"], frame["key"])
        if frame["opcode"] >= CONTROL:
            found.append(unit(frame["opcode"], number, payload))
            continue
        if frame["opcode"]:  # a message begins
            message = unit(frame["opcode"], number, payload)
        elif message:  # and goes on
            message["content"] += payload
            message["lengths"].append(len(payload))
            message["last"] = number
        if message and frame["fin"]:
            found.append(message)
            message = None
    return found


def unit(opcode, number, payload):
    return {
        "opcode": opcode,
        "first": number,
        "last": number,
        "content": payload,
        "lengths": [len(payload)],
    }


def unmask(payload, key):
    return bytes(byte ^ key[at % 4] for at, byte in enumerate(payload)) if key else payload


def frames(side, sent, arrived):
    found, both, left = [], [], list(arrived)
    for one in sent:
        same = [u for u in left if (u["opcode"], u["content"]) == (one["opcode"], one["content"])]
        if same:
            both.append((one, same[0]))
            left.remove(same[0])
        else:
            found.append(("lost", side, one["first"]))
    found += [("invented", side, len(sent) + 1) for other in left]
    for one, other in both:
        if one["lengths"] != other["lengths"]:
            found.append(("recut", side, one["first"]))
        if one["opcode"] >= CONTROL:
            here = place(one, [pair[0] for pair in both])
            there = place(other, [pair[1] for pair in both])
            if here != there:
                found.append(("moved", side, one["first"]))
    return found


def place(control, among):
    messages = [u for u in among if u["opcode"] < CONTROL]
    begun = sum(u["first"] < control["first"] for u in messages)
    ended = sum(u["last"] < control["first"] for u in messages)
    return begun, ended
