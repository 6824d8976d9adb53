"""Association of face, brain and body within participants."""
