"""The store in PostgreSQL, for when one machine is outgrown. Read store.py first."""
