"""What operators see of a running process: metrics, logs that hang together, errors and traces."""
