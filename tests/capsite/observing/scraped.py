"""Reads an exposition as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def series(text: str) -> Series:
    """Return every sample by its name and labels; a line that Prometheus refuses fails here."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Series, name: str, /, **labels: str) -> float:
    """Return one sample; 0 where there is none yet."""
    return found.get((name, tuple(sorted(labels.items()))), 0.0)
