"""From socket to a classified mail."""
