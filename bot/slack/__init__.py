"""Slack: cards out, clicks in. One file per surface; `app.py` puts them together.

Nothing is imported here: who needs only the words does not wait for Slack's libraries.
"""
