"""The course: its lessons, its runner, and the demo app whose traffic the lessons read."""
