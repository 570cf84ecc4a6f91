"""The course's commands: `learn`, `check`, `course verify`."""
