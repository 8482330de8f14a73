"""What we do about a request: kinds, clocks, letters, and the Desk that commits."""
