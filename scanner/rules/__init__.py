"""Shipped rules: one TOML file each; ``scanner.rule`` reads them."""
