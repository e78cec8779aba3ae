"""The examples of docs/python.md are run and their output compared, to the letter.

``python tests/test_python_docs.py`` writes the present output into the page.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "python.md"
BLOCK = re.compile(r"(?<=```python\n).*?(?=```)", re.DOTALL)


def examples(text: str) -> list[doctest.Example]:
    """Every example of a page, or of one block of it."""
    parse = doctest.DocTestParser().get_examples
    return [example for block in BLOCK.findall(text) or [text] for example in parse(block)]


def outputs(text: str) -> list[tuple[str, str, str]]:
    """Source, shown output and present output of every example of a page."""
    found, names = [], {"__name__": "docs"}
    for example in examples(text):
        said = io.StringIO()
        with contextlib.chdir(ROOT), contextlib.redirect_stdout(said):
            exec(compile(example.source, str(PAGE), "single"), names)  # noqa: S102 - our own page
        found.append((example.source, example.want, said.getvalue()))
    return found


def blocks(text: str) -> str:
    """The page with the present output under every example."""
    present = iter(outputs(text))

    def written(block: re.Match[str]) -> str:
        made = []
        for example in examples(block[0]):
            _, _, said = next(present)
            first, *rest = example.source.splitlines()
            lines = [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
            made.append("\n".join(lines) + "\n" + said)
        return "".join(made)

    return BLOCK.sub(written, text)


def test_examples_print_what_the_page_shows():
    wrong = [one for one in outputs(PAGE.read_text(encoding="utf-8")) if one[1] != one[2]]
    assert wrong == []
    assert not (ROOT / "result.json").exists()


def test_the_page_names_every_function():
    import carbonctl

    text = PAGE.read_text(encoding="utf-8")
    functions = [name for name in carbonctl.__all__ if name[0].islower() and name[0] != "_"]
    assert [name for name in functions if f"`{name}(" not in text] == []


if __name__ == "__main__":
    PAGE.write_text(blocks(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
