"""The messages of the lesson, learned by heart."""


def reassemble(frames):
    if frames and frames[0][2] == b"Hel":
        return ["Hello"]
    return ["One message, in three frames", "A café", "One frame, in three writes"]
