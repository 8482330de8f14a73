"""`python -m bot` is `desk`."""

from bot.cli import main

main()
