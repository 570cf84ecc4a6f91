"""One feed, followed in four ways at once: run, captured, measured. Lessons 2 and 18 do it."""
