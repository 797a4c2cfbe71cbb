"""What /metrics and /version/ tell of the site as a whole: queue, workers, models, drift."""
