"""The function comes to its end without a return."""


def differences(near: dict, far: dict) -> list[tuple]:
    for side in ("client", "server"):
        if near[side] == far[side]:
            continue
