"""The connector conformance suite, real servers and fault tools; shipped, imported by tests and the demo only."""
