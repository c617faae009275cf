"""Columns as keys: what their names and types say, which of them may be one, and sketches of their values."""
