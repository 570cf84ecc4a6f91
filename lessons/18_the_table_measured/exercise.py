"""Lesson 18: five captures that you have not seen. What is wrong in each?

They are capture-1.pcapng to capture-5.pcapng, in the folder `captures` beside this file, made for
you alone. One WebSocket connection each, one fault each, all of them met in the course. Look at
them, from the checkout:

    .venv/bin/ws101 lint FILE               which rules it breaks, if any
    .venv/bin/ws101 dump FILE               everything, a line a frame
    .venv/bin/ws101 dump FILE --frame 9     frame 9 to the last bit; 0: the heads

What the fault is, say with one of these names. Where one thing follows from another, the fault is
what came first.

    in a head
        wrong-accept            Sec-WebSocket-Accept does not belong to the key
        foreign-origin          a page of another site asked, and was refused
        wrong-version           another version than 13 was asked for
    in a frame's header
        masked-by-server        the server masked a frame
        not-masked-by-client    the client did not mask a frame
        rsv1-not-agreed         RSV1 is set, and no compression was agreed on
        length-not-shortest     the length is written in more bytes than it takes
        control-in-pieces       a control frame is fragmented
    in a message
        not-utf8                a text is not UTF-8
        message-in-message      a message begins inside another one of the same side
        window-kept             a compressed message looks back, although that was ruled out
        number-left-out         the server's messages are numbered, and at least one never came
        number-twice            one of these numbers came a second time
    in the closing handshake
        code-1005-sent          a Close carries 1005, which is never sent
        close-not-answered      a Close got no Close for an answer
        data-after-close        a side says something after its own Close
        http-after-close        an HTTP response where only frames may be
    at the end, or while nothing is said
        ended-without-close     a side ended TCP (FIN) in the middle of the talk
        reset                   a side ended TCP with a reset (RST)
        forgotten-when-idle     round seconds of silence, then a box between the two gave it up
        pings-not-answered      Pings get no Pong
"""

FINDINGS = {
    # capture: (what, who, frame)
    1: ("", "", 0),
    2: ("", "", 0),
    3: ("", "", 0),
    4: ("", "", 0),
    5: ("", "", 0),
}


def diagnose(number: int) -> tuple[str, str, int]:
    """What is wrong in the capture of that number, 1 to 5: (what, who, frame).

    what   one of the names above
    who    "client", "server" or "between": whose bytes, or whose silence, the fault is
    frame  the number of the frame that has the fault, as `ws101 dump` counts; of an answer that
           did not come, the (first) frame that waits for it; where numbers don't go on as they
           should, the first frame that shows it. 0 where the fault is in no frame: in a head, in
           bytes that are none, in the end of TCP.
    """
    return FINDINGS[number]
