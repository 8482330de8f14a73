"""A logger for Slack's libraries: at every level they quote what people typed."""

import logging


def quiet() -> logging.Logger:
    """It says nothing at all."""
    logger = logging.getLogger("bot.slack.library")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
