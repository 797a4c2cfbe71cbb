"""Versions are switched, tried, kept and dropped; a broken one never stops the others."""

import json
import shutil
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError

from captions.models import Caption, CaptionModel
from captions.registry import candidate_set, default_activate, model_activate, serving_plan
from gallery.models import CaptionJob
from gallery.services.uploads import image_upload
from tests.factories import photo_bytes
from workers import flow
from workers.serving import pool as pool_module
from workers.serving.loading import load_version
from workers.serving.pool import NoCaptioner, Pool
from workers.versions import directory_register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _always_fresh(monkeypatch, settings):
    monkeypatch.setattr(pool_module, "PLAN_SECONDS", 0.0)
    settings.CAPSITE_FEATURE_CACHE = False
    settings.CAPSITE_DEVICE, settings.CAPSITE_THREADS = "cpu", 1


@pytest.fixture
def version(tiny_model: Path, tmp_path: Path):
    """Make and register versions of the tiny model that differ in their revision."""

    def make(name: str, **changes) -> CaptionModel:
        directory = shutil.copytree(tiny_model, tmp_path / name)
        config = json.loads((directory / "config.json").read_text())
        (directory / "config.json").write_text(json.dumps(config | {"name": name} | changes))
        return directory_register(directory)

    return make


class Loads:
    """Loads versions and remembers which, with what the pool held meanwhile."""

    def __init__(self) -> None:
        self.pool: Pool | None = None
        self.done: list[str] = []
        self.held: list[list[str]] = []

    def __call__(self, model: CaptionModel):
        self.held.append(held(self.pool) if self.pool else [])
        loaded = load_version(model)
        self.done.append(model.name)
        return loaded


def make_pool(**options) -> tuple[Pool, Loads]:
    loads = Loads()
    loads.pool = Pool(loads, **options)
    return loads.pool, loads


def held(pool: Pool) -> list[str]:
    return [item.model.name for item in pool._loaded.values()]


def upload(count: int, first: int = 0, **ask) -> None:
    for n in range(first, first + count):
        image_upload(
            data=photo_bytes(n, size=(48, 32)), name=f"{n}.jpg", person=AnonymousUser(), **ask
        )


def drain(pool: Pool, **options) -> int:
    return flow.drain(pool=pool, worker="w", recycle=pytest.fail, **options)


def writers() -> dict[str, int]:
    """How many photos each version captioned."""
    names = Caption.objects.filter(rank=0).values_list("model__name", flat=True)
    return {name: list(names).count(name) for name in sorted(set(names))}


def test_a_switch_between_batches_loses_no_job(version, settings):
    settings.CAPSITE_BATCH = 3
    old, new = version("old"), version("new")
    default_activate(model=old, languages=["en"])
    pool, loads = make_pool()
    upload(9)
    batches = 0

    def switch_after_the_first() -> bool:
        nonlocal batches
        batches += 1
        if batches == 2:
            model_activate(model=new, language="en", by="operator")
        return False

    assert drain(pool, stopping=switch_after_the_first) == 9
    assert writers() == {"new": 6, "old": 3}
    assert loads.done == ["old", "new"]
    assert loads.held == [[], ["old"]]  # the old one was there until the new one was loaded
    assert held(pool) == ["new"]
    assert set(CaptionJob.objects.values_list("state", "attempts")) == {("done", 1)}


def test_a_switch_during_a_batch_leaves_it_to_the_version_that_began(version, monkeypatch):
    old, new = version("old"), version("new")
    default_activate(model=old, languages=["en"])
    pool, _loads = make_pool()
    captioner = pool.english().captioner
    encode = captioner.network.encode

    def switch_meanwhile(pixels, photos):
        model_activate(model=new, language="en", by="operator")
        return encode(pixels, photos)

    monkeypatch.setattr(captioner.network, "encode", switch_meanwhile)
    upload(4)
    drain(pool)
    upload(4, first=4)
    drain(pool)
    assert writers() == {"new": 4, "old": 4}


@pytest.mark.parametrize("damage", ["missing", "broken", "replaced"])
def test_a_version_that_cannot_be_loaded_leaves_the_old_one_serving(version, caplog, damage):
    old, new = version("old"), version("new")
    default_activate(model=old, languages=["en"])
    pool, _loads = make_pool()
    pool.refresh()
    directory = Path(new.directory)
    if damage == "missing":
        shutil.rmtree(directory)
    elif damage == "broken":
        (directory / "model.safetensors").write_bytes(b"broken")
    else:
        (directory / "config.json").write_text((directory / "config.json").read_text() + "\n")
    model_activate(model=new, language="en", by="operator")

    for first in (0, 3):
        upload(3, first=first)
        drain(pool)

    assert writers() == {"old": 6}
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert "new" in errors[0].message
    assert "old" in errors[0].message
    new.refresh_from_db()
    assert str(directory) in new.failure


def test_a_version_that_was_repaired_is_taken_when_it_is_chosen_again(version):
    old, new = version("old"), version("new")
    default_activate(model=old, languages=["en"])
    pool, _loads = make_pool()
    pool.refresh()
    away = shutil.move(new.directory, f"{new.directory}-away")
    model_activate(model=new, language="en", by="operator")
    pool.refresh()
    shutil.move(away, new.directory)
    pool.refresh()
    assert held(pool) == ["old"]
    model_activate(model=new, language="en", by="operator")
    pool.refresh()
    assert held(pool) == ["new"]
    new.refresh_from_db()
    assert new.failure == ""


def test_a_candidate_gets_its_share_and_each_caption_names_its_version(version):
    old, new = version("old"), version("new")
    default_activate(model=old, languages=["en"])
    candidate_set(model=new, language="en", share=50, by="operator")
    pool, _loads = make_pool()
    upload(16)
    drain(pool)
    plan = serving_plan()
    for caption in Caption.objects.select_related("model"):
        assert caption.model == plan.choose("en", str(caption.image_id))
    assert set(writers()) == {"new", "old"}


def test_a_broken_candidate_leaves_its_share_to_the_active_version(version):
    old, new = version("old"), version("new")
    default_activate(model=old, languages=["en"])
    candidate_set(model=new, language="en", share=99, by="operator")
    shutil.rmtree(new.directory)
    pool, _loads = make_pool()
    upload(3)
    drain(pool)
    assert writers() == {"old": 3}


def test_each_language_has_its_version(version):
    english, turkish = version("english"), version("turkish", languages=["en", "tr"])
    default_activate(model=english, languages=["en"])
    model_activate(model=turkish, language="tr", by="operator")
    pool, _loads = make_pool()
    upload(2)
    upload(2, first=2, language="tr")
    drain(pool)
    told = set(Caption.objects.values_list("model__name", "language"))
    assert told == {("english", "en"), ("turkish", "tr")}
    assert set(pool.captioners()) == {english, turkish}


def test_a_language_without_a_version_is_answered_in_english(version):
    default_activate(model=version("english"), languages=["en"])
    pool, _loads = make_pool()
    upload(1, language="tr")
    drain(pool)
    assert set(Caption.objects.values_list("model__name", "language")) == {("english", "en")}


def test_without_any_captioner_jobs_wait(version, caplog):
    model = version("gone")
    default_activate(model=model, languages=["en"])
    kept = f"{model.directory}.kept"
    shutil.move(model.directory, kept)
    pool, _loads = make_pool()
    with pytest.raises(NoCaptioner) as refused:
        pool.english()
    assert model.directory not in refused.value.message  # people read it
    assert "does not exist" in caplog.text
    upload(1)
    for _beat in range(3):
        assert drain(pool) == 0
    job = CaptionJob.objects.get()
    assert (job.state, job.attempts, job.error_code) == ("queued", 0, "")
    shutil.move(kept, model.directory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool_module, "RETRY_SECONDS", 0.0)
        pool._broken.clear()
        assert drain(pool) == 1
    assert CaptionJob.objects.get().state == "done"


def test_a_model_that_breaks_while_the_worker_idles_costs_no_attempt(version):
    model = version("gone")
    default_activate(model=model, languages=["en"])
    pool, _loads = make_pool()
    pool.refresh()
    pool.unload()
    shutil.rmtree(model.directory)
    upload(2)
    drain(pool)
    drain(pool)
    for job in CaptionJob.objects.all():
        assert (job.state, job.attempts) == ("queued", 0)


def test_a_broken_version_of_one_language_keeps_only_who_stands_in(version):
    english, turkish = version("english"), version("turkish", languages=["en", "tr"])
    default_activate(model=english, languages=["en"])
    default_activate(model=turkish, languages=["tr"])
    pool, _loads = make_pool()
    pool.refresh()
    broken, other = version("broken", languages=["en", "tr"]), version("newer")
    model_activate(model=broken, language="tr", by="somebody")
    model_activate(model=other, language="en", by="somebody")
    shutil.rmtree(broken.directory)
    pool._asked_at = float("-inf")
    pool.refresh()
    assert {model.name for model in pool.captioners()} == {"newer", "turkish"}
    upload(1, language="tr")
    drain(pool)
    assert set(Caption.objects.values_list("model__name", flat=True)) == {"turkish"}


def test_a_database_outage_leaves_the_plan_as_it_was(version):
    default_activate(model=version("old"), languages=["en"])
    plans = iter([serving_plan(), OperationalError("away")])

    def ask():
        plan = next(plans)
        if isinstance(plan, Exception):
            raise plan
        return plan

    pool, loads = make_pool(plan=ask)
    pool.refresh()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool_module.connection, "close", lambda: None)  # the test's transaction
        pool.refresh()
    assert pool.english().model.name == "old"
    assert loads.done == ["old"]


def test_an_idle_worker_drops_its_weights_and_takes_them_up_again(version, settings, monkeypatch):
    settings.CAPSITE_IDLE_UNLOAD_SECONDS = 60
    default_activate(model=version("old"), languages=["en"])
    pool, loads = make_pool()
    now = [1000.0]
    monkeypatch.setattr(pool_module.time, "monotonic", lambda: now[0])
    upload(1)
    drain(pool)
    for later in (30, 20, 5):  # 55 s in all: looking for jobs is no job
        now[0] += later
        drain(pool)
    assert held(pool) == ["old"]
    now[0] += 10
    drain(pool)
    assert held(pool) == []
    drain(pool)
    assert loads.done == ["old"]
    upload(1, first=1)
    drain(pool)
    assert loads.done == ["old", "old"]
    assert writers() == {"old": 2}


def test_by_default_the_weights_stay(version, monkeypatch):
    default_activate(model=version("old"), languages=["en"])
    pool, _loads = make_pool()
    pool.refresh()
    monkeypatch.setattr(pool_module.time, "monotonic", lambda: 1e9)
    pool.rest()
    assert held(pool) == ["old"]
