"""Speed of the captioner beside `transformers` `generate`: `manage.py bench_captioner`."""
