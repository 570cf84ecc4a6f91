"""Two legs of one connection, side by side: what an intermediary between them changed.

legs       which connection of one capture is which of the other, both read at once
units      one direction on one leg, frame by frame, as units that can be compared
align      two rows of units: which is which, which is missing, which was put in
changes    what that says of the intermediary, difference by difference
           (`changed_heads`: of a head; `changes_line`: as JSON lines)
"""
