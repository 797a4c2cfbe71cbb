"""A worker that cannot load its captioner ends, rather than call itself ready."""

import pytest

from workers import runtime
from workers.pipeline.errors import InferenceError, ModelError


@pytest.mark.parametrize(
    "trouble",
    [ModelError("There is no model."), InferenceError("No warm-up."), AssertionError("no CUDA")],
    ids=lambda trouble: type(trouble).__name__,
)
def test_trouble_at_the_start_ends_the_worker(monkeypatch, caplog, trouble):
    def fail():
        raise trouble

    monkeypatch.setattr(runtime, "runtime", fail)
    monkeypatch.setattr(runtime, "_beat", lambda: None)
    with pytest.raises(SystemExit) as end:
        runtime._start()
    assert end.value.code == 2
    assert str(trouble) in caplog.text


def test_zero_threads_means_every_core(settings):
    settings.CAPSITE_THREADS = 0
    assert runtime._threads() >= 1
    settings.CAPSITE_THREADS = 3
    assert runtime._threads() == 3
