"""The failure page: one HTML file without scripts, its pictures beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from workers.training.report.failures import GROUPS, JudgedCaption
from workers.training.report.pictures import Pictures

PAGE = "index.html"

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; padding: 0 1rem; }
article { border-top: 1px solid #8886; display: flex; flex-wrap: wrap; gap: 1rem; padding: 1rem 0; }
article > img { height: auto; max-width: 20rem; width: 100%; }
article > div { flex: 1 1 22rem; }
.said { font-size: 1.15rem; font-weight: 600; margin: 0; }
.figures { opacity: .75; }
.maps { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; }
.maps figure { margin: 0; }
.maps img { display: block; height: auto; width: 8rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0; text-align: left; }
</style>
</head>
<body>
<h1>$title</h1>
<p>$intro</p>
<table><thead><tr><th>group</th><th>captions</th><th>what it means</th></tr></thead>
<tbody>
$contents
</tbody></table>
$sections
</body>
</html>
""")


@dataclass(frozen=True)
class Shown:
    """A caption on the page and its pictures."""

    caption: JudgedCaption
    pictures: Pictures


def write_page(
    folder: Path, title: str, intro: str, groups: Mapping[str, tuple[int, Sequence[Shown]]]
) -> Path:
    """Write index.html: per group its size, rule and worst captions. All text is escaped."""
    contents = "\n".join(
        f'<tr><td><a href="#{_anchor(name)}">{escape(name)}</a></td><td>{count}</td>'
        f"<td>{escape(GROUPS[name])}</td></tr>"
        for name, (count, _) in groups.items()
    )
    sections = "\n".join(_section(name, count, shown) for name, (count, shown) in groups.items())
    text = _PAGE.substitute(
        title=escape(title), intro=escape(intro), contents=contents, sections=sections
    )
    path = folder / PAGE
    path.write_text(text, encoding="utf-8")
    return path


def _section(name: str, count: int, shown: Sequence[Shown]) -> str:
    head = f'<section id="{_anchor(name)}">\n<h2>{escape(name.capitalize())}</h2>'
    note = f"<p>{escape(GROUPS[name])} {count} captions; the {len(shown)} worst:</p>"
    return "\n".join([head, note, *(_article(name, one) for one in shown), "</section>"])


def _article(group: str, shown: Shown) -> str:
    caption, pictures = shown.caption, shown.pictures
    faults = "; ".join(
        f"{name}: {', '.join(words)}" for name, words in caption.reasons.items() if words
    )
    human = "\n".join(f"<li>{escape(text)}</li>" for text in caption.human)
    parts = [
        f'<p class="said">{escape(caption.text)}</p>',
        f'<p class="figures">CIDEr {caption.cider:.3f}, confidence {caption.confidence:.2f},'
        f" {escape(caption.file)}</p>",
        f"<p>{escape(faults)}</p>" if faults else "",
        f"<p>People wrote:</p>\n<ul>\n{human}\n</ul>",
        _maps(pictures),
    ]
    alt = escape(f"Photo {caption.file}, {group}")
    body = "\n".join(part for part in parts if part)
    return (
        f'<article>\n<img src="{escape(pictures.thumbnail)}" alt="{alt}" loading="lazy">\n'
        f"<div>\n{body}\n</div>\n</article>"
    )


def _maps(pictures: Pictures) -> str:
    if not pictures.maps:
        return f"<p>{escape(pictures.note)}</p>" if pictures.note else ""
    figures = "\n".join(
        f'<figure><img src="{escape(path)}" alt="Where the decoder looked for {escape(word)}"'
        f' loading="lazy"><figcaption>{escape(word)}</figcaption></figure>'
        for word, path in pictures.maps
    )
    return f'<div class="maps">\n{figures}\n</div>'


def _anchor(name: str) -> str:
    return name.replace(" ", "-")
