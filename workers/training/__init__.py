"""Training and evaluating captioners in pure PyTorch: data, feature cache, trainer, metrics, calibration, export."""
