"""Shipped targets: one TOML file each; ``scanner.rule`` reads them."""
