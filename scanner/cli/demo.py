"""The demo: a small estate of its own, scanned and reported, without any server or network."""
