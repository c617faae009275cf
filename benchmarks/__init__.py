"""Programs that measure Stocktake beside its peers; run by `make bench`."""
