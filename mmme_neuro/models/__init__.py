"""Mixed models: formula, design, fit, contrasts."""
