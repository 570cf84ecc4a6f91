"""Floor 1: what a user types: `dump`, `explain` and their kin, each a short click command.

A command reads its arguments, asks the rooms below and prints; it decides nothing about WebSocket.
A mistake of the user ends in exit code 2 and one line that says what, where and what to do.
"""
