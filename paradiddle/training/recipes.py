"""How the models of patterns that come along are trained, and where options start from."""

from paradiddle.training.run_settings import RunSettings

__all__ = ["HUMANIZER", "LATENT", "MACHINE"]

MACHINE = RunSettings(steps=7_000, lr=2e-3, weight_decay=0.1, average=0.999)
LATENT = RunSettings(steps=4_000, lr=2e-3, weight_decay=0.01, validate_every=500, average=0.998)
HUMANIZER = RunSettings(steps=2_000, lr=2e-3, weight_decay=0.1, validate_every=250, average=0.998)
