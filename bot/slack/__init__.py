"""Slack, one file per surface; the only place that imports slack_sdk and slack_bolt."""
