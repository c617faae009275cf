"""The report's Jinja templates, style and drawings, as package data."""
