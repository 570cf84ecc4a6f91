"""An empty file: nothing was written at all."""
