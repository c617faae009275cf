"""Stocktake: takes stock of a data estate before it moves."""
