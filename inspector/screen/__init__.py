"""Floor 1: drawing what the core found, on a terminal.

Eighty columns are enough, colour never carries meaning alone, and a pipe gets plain aligned text.
Whatever a peer sent passes through `inspector.core.safe` before it is drawn.
"""
