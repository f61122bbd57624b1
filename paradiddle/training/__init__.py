"""Training with torch, the only room of the package that needs it."""
