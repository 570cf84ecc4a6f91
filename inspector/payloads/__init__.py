"""What applications put into messages: views on payloads, as guesses that say that they are.

`table.py` has all views, and is where to begin; each view is a small file. `docs/payload-views.md`
shows how to add one. A view never hides the bytes: it is shown below them.
"""
