"""Lines of many processes on one terminal."""

import io
import os

from capsite.supervisor.console import LONGEST_LINE, Console, LineReader


def reader_of(data: bytes) -> LineReader:
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)
    return LineReader(os.fdopen(read, "rb"))


def test_each_line_stands_behind_the_padded_name_of_its_process():
    stream = io.BytesIO()
    console = Console(stream, colour=False)
    console.line("web", "ready")
    console.line("postgres", "too")
    console.say("two\nlines")
    assert stream.getvalue().decode().splitlines() == [
        "web      | ready",
        "postgres | too",
        "capsite  | two",
        "capsite  | lines",
    ]


def test_each_name_has_its_colour_and_the_line_none():
    stream = io.BytesIO()
    console = Console(stream, colour=True)
    for name in ("web", "worker", "web"):
        console.line(name, "x")
    first, second, third = stream.getvalue().decode().splitlines()
    assert first == third == "\x1b[36mweb      |\x1b[0m x"
    assert second.startswith("\x1b[32mworker")


def test_a_terminal_that_is_gone_is_no_error():
    stream = io.BytesIO()
    stream.close()
    Console(stream, colour=False).line("web", "nobody reads this")
    assert stream.closed


def test_bytes_become_lines_whatever_their_encoding():
    reader = reader_of(b"one\r\nt\xffo\n\nthe last has no end")
    assert reader.read() == ["one", "t\ufffdo", ""]
    assert reader.close() == ["the last has no end"]


def test_an_endless_line_is_cut():
    read, write = os.pipe()
    reader = LineReader(os.fdopen(read, "rb"))
    shown: list[str] = []
    while not shown:
        os.write(write, b"x" * 20_000)
        shown = reader.read()
    assert len(shown[0]) > LONGEST_LINE
    os.close(write)
    assert reader.close() == []


def test_closing_does_not_wait_for_a_grandchild_that_holds_the_pipe():
    read, write = os.pipe()
    reader = LineReader(os.fdopen(read, "rb"))
    os.write(write, b"left")
    assert reader.close() == ["left"]
    os.close(write)
