"""What content says of itself and of other stores; each extractor quotes, none decides."""
