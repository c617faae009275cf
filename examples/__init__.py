"""A sample estate on real servers: what ``make demo`` runs."""
