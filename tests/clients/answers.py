"""Answers of the site as its contract words them."""

from typing import Any

IMAGE_ID = "0b7c9d3e-0000-4000-8000-000000000001"
JOB_ID = "0b7c9d3e-0000-4000-8000-000000000002"


def caption(text: str = "a dog on grass", rank: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"0b7c9d3e-0000-4000-8000-0000000001{rank:02d}",
        "image": IMAGE_ID,
        "text": text,
        "confidence": 0.7 - rank / 10,
        "level": "high",
        "log_probability": -1.5,
        "strategy": "beam",
        "language": "en",
        "origin": "model",
        "rank": rank,
        "model": "capsite-mini 1",
        "votes": {"up": 1, "down": 0, "mine": None},
        "created_at": "2026-01-02T03:04:05.123456Z",
    } | changes


def image(**changes: Any) -> dict[str, Any]:
    return {
        "id": IMAGE_ID,
        "title": "Dog",
        "url": f"/photos/{IMAGE_ID}/",
        "owner": {"id": 1, "name": "ada"},
        "width": 640,
        "height": 480,
        "format": "JPEG",
        "size": 1234,
        "sha256": "ab" * 32,
        "visibility": "public",
        "created_at": "2026-01-02T03:04:05Z",
        "variants": [{"name": "w320", "width": 320, "height": 240, "url": "/i/x/w320.webp"}],
        "state": "done",
        "best_caption": caption(),
        "published": [
            {"language": "en", "text": "A dog.", "version": 2, "author": {"id": 1, "name": "ada"}}
        ],
    } | changes


def job(state: str = "done", **changes: Any) -> dict[str, Any]:
    return {
        "id": JOB_ID,
        "image": IMAGE_ID,
        "state": state,
        "strategy": "beam",
        "language": "en",
        "num": 3,
        "error": None,
        "created_at": "2026-01-02T03:04:05Z",
        "started_at": None,
        "finished_at": None,
    } | changes


def captioned(state: str = "done", **changes: Any) -> dict[str, Any]:
    captions = [caption(), caption("a brown dog", 1)] if state == "done" else []
    return {"image": image(), "jobs": [job(state)], "captions": captions} | changes
