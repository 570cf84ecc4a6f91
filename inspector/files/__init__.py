"""Capture files: what crossed the wire, written down and read back.

Reading is one way, a floor at a time, each a file of this folder:

    source     bytes of a file or of standard input, forward only, followed while it grows
    pcapng     its blocks, one packet at a time (`pcap` does the same for the older format)
    packets    a packet's link, IP and TCP headers: one TCP segment
    streams    segments of all connections: the bytes each side sent, in order
               (`connection`: whose segment it is; `direction`: one side's bytes put in order;
               `comments`: what our recorder noted beside them)
    capture    `open_capture`, the front door: which format it is, and the events of `events`

Everything read here came from strangers: damage is an event (`Fault`, `Gap`) or a count
(`Counts`), never an exception, and memory stays flat however large the file is.
"""
