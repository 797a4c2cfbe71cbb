"""A worker that cannot load its captioner ends, rather than call itself ready."""

import pytest
import torch
from celery.exceptions import WorkerShutdown

from capsite.common.workermetrics import worker_metrics
from capsite.common.workerstate import worker_pulse, worker_state
from captions.models import CaptionModel
from captions.registry import model_activate
from tests.factories import ModelFactory
from workers import runtime
from workers.pipeline.errors import InferenceError, ModelError, OutOfMemory
from workers.serving.metrics import METRICS


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


@pytest.fixture
def fresh(settings, tiny_model):
    """The runtime as a new process would make it, with the tiny model."""
    settings.CAPSITE_MODEL_DIR = tiny_model
    settings.CAPSITE_DEVICE, settings.CAPSITE_THREADS = "cpu", 1
    runtime.runtime.cache_clear()
    yield runtime.runtime
    runtime.runtime.cache_clear()


@pytest.mark.django_db
def test_the_configured_directory_is_registered_and_serves(fresh, tiny_model, settings):
    loaded = fresh()
    model = CaptionModel.objects.get()
    assert (model.name, model.directory) == ("tiny", str(tiny_model))
    assert loaded.model == model
    assert loaded.captioner.revision == model.revision
    assert loaded.captioners == {model: loaded.captioner}
    assert torch.get_num_threads() == torch.get_num_interop_threads() == 1


@pytest.mark.django_db
def test_an_operators_broken_choice_leaves_the_configured_version(fresh, caplog):
    broken = ModelFactory(name="broken", directory="/nowhere")
    model_activate(model=broken, language="en", by="operator")
    loaded = fresh()
    assert loaded.captioner.name == "tiny"
    assert "/nowhere does not exist" in caplog.text
    broken.refresh_from_db()
    assert "/nowhere does not exist" in broken.failure


@pytest.mark.django_db
def test_a_directory_without_a_model_ends_the_worker(fresh, settings, caplog, monkeypatch):
    settings.CAPSITE_MODEL_DIR = "/nowhere"
    monkeypatch.setattr(runtime, "_beat", lambda: None)
    with pytest.raises(SystemExit):
        runtime._start()
    assert "/nowhere does not exist" in caplog.text


def test_recycling_ends_the_worker_with_a_code_that_asks_for_a_new_one(monkeypatch):
    monkeypatch.setattr(runtime, "_pulse_state", "ready")
    monkeypatch.setattr(runtime.celery_state, "should_stop", None)
    worker_pulse("ready")
    runtime.recycle(OutOfMemory())
    assert runtime.stopping()
    assert worker_state() == "away"
    with pytest.raises(WorkerShutdown) as end:
        runtime.celery_state.maybe_shutdown()
    assert end.value.code == 75


def test_the_figures_travel_with_the_pulse(monkeypatch):
    METRICS.batch(3, {"decode": 0.2})
    monkeypatch.setattr(runtime, "_pulse_state", "ready")
    monkeypatch.setattr(runtime.time, "sleep", lambda _seconds: runtime._stopping())
    runtime._beat()
    figures = worker_metrics()[runtime.worker_name()]
    names = {row["name"] for row in figures["histograms"]}
    assert {"capsite_caption_batch_size", "capsite_caption_stage_seconds"} <= names
