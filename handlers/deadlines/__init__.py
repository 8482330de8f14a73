"""By when the law, or the desk's own rule, wants an answer: regimes as data, pure calculators."""
