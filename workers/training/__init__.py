"""Training and evaluating captioners in pure PyTorch."""
