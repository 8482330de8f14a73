"""What we remember: records, the Store protocol, and its backends."""
