"""The running desk, and everything that faces people: Slack, mail going out, the command line."""
