"""What does this mail ask for? Clues, evidence, and "cannot tell" as an answer."""
