"""Outgoing letters to the requester: templates by language and kind, rendered from values."""
