"""Nothing was written."""
