"""Commands of shell and batch scripts, crontabs, services and tasks: which places their words name."""
