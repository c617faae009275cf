"""The connectors Stocktake ships; found through the entry-point group ``stocktake.connectors``."""
