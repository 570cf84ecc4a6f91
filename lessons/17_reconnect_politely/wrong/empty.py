"""Nothing was written, or all of it was deleted: there is no next_delay."""
