"""Heart, skin, breath."""
