"""The peer's page: a photo in, captions out, by Gradio and capsite's own model directory.

Runs in a virtual environment of its own that `tests.load.peers.venv` makes; the project does not
need Gradio. Every setting that Gradio's documentation names for a quick page is used: its queue
with batches as large as the worker's, one batch at a time, a cache for photos it has seen, no
analytics.
"""

import argparse
import hashlib
from pathlib import Path

import gradio as gr

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionRequest

# Gradio's own cache; `@gr.cache` around the function would know whole batches, not photos.
KNOWN = gr.Cache(max_size=4096)


def page(captioner: Captioner, batch: int, num: int) -> gr.Interface:
    """Return the page: it answers a line a caption, best first."""

    def caption(paths: list[str]) -> list[list[str]]:
        photos = [Path(path).read_bytes() for path in paths]
        keys = [hashlib.sha256(photo).hexdigest() for photo in photos]
        known = {key: seen["text"] for key in keys if (seen := KNOWN.get(key))}
        new = {key: photo for key, photo in zip(keys, photos, strict=True) if key not in known}
        requests = [CaptionRequest(photo, num=num) for photo in new.values()]
        outcomes = captioner.caption(requests) if requests else []
        for key, outcome in zip(new, outcomes, strict=True):
            known[key] = _text(outcome)
            KNOWN.set(key, text=known[key])
        return [[known[key] for key in keys]]  # a list an output, and there is one

    return gr.Interface(
        fn=caption,
        inputs=gr.Image(type="filepath"),  # the bytes as they came: nothing is encoded again
        outputs=gr.Textbox(),
        api_name="caption",
        batch=True,
        max_batch_size=batch,
        concurrency_limit=1,
        flagging_mode="never",
        analytics_enabled=False,
    )


def _text(outcome) -> str:
    if outcome.error:
        raise gr.Error(str(outcome.error))
    return "\n".join(candidate.text for candidate in outcome.captions)


def main() -> None:
    """Load the model and serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--num", type=int, required=True)
    asked = parser.parse_args()
    captioner = Captioner.from_pretrained(asked.model, threads=asked.threads)
    captioner.warm_up()
    shown = page(captioner, asked.batch, asked.num).queue(max_size=None)
    shown.launch(server_name="127.0.0.1", server_port=asked.port, quiet=True)


if __name__ == "__main__":
    main()
