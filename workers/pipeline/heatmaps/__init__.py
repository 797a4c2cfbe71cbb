"""Where in the picture the decoder looked, for every word of a finished caption."""

from workers.pipeline.heatmaps.explain import METHODS, Explanation, WordMap, explain

__all__ = ["METHODS", "Explanation", "WordMap", "explain"]
