"""A local stand-in for a Slack workspace and requesters' mailboxes, with a web page."""
