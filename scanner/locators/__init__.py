"""How places are written: connection strings, URLs, UNC paths; taken apart, and told without their secrets."""
