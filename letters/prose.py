"""A text becomes a small tree of plain data, for documents that no browser shows: the same Markdown as on the page.

A block is {"kind": "paragraph" | "heading" | "list" | "numbers" | "quote" | "rule", ...}; a run inside it is a string
or {"kind": "emphasis" | "strong" | "link" | "break", ...}. There is nothing else in it, whatever the text says.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from letters.texts import has_safe_scheme, parser, with_numbers

Node = dict[str, Any]
Run = str | Node


def tree(text: str, *, organisations: int, countries: int, language: str = "en") -> list[Node]:
    """Return Markdown as blocks in which {organisations} and {countries} are the given numbers.

    No heading is more than one level below the one before, and the first is of level 2: level 1 is the title.
    """

    def said(words: str) -> str:
        return with_numbers(words, organisations=organisations, countries=countries, language=language)

    blocks = _blocks(SyntaxTreeNode(parser().parse(text)).children, said)
    _step_by_step(blocks)
    return blocks


_Said = Callable[[str], str]
_BLOCKS: dict[str, Callable[[SyntaxTreeNode, _Said], Node]] = {
    "paragraph": lambda node, said: {"kind": "paragraph", "inside": _runs_of(node, said)},
    "heading": lambda node, said: {
        "kind": "heading",
        "level": int(node.tag[1:]),
        "inside": _runs_of(node, said),
    },
    "bullet_list": lambda node, said: {"kind": "list", "items": _items(node, said)},
    "ordered_list": lambda node, said: {
        "kind": "numbers",
        "start": int(node.attrs.get("start", 1)),
        "items": _items(node, said),
    },
    "blockquote": lambda node, said: {"kind": "quote", "inside": _blocks(node.children, said)},
    "hr": lambda node, said: {"kind": "rule"},
    "fence": lambda node, said: {"kind": "paragraph", "inside": [said(node.content.strip())]},
    "code_block": lambda node, said: {"kind": "paragraph", "inside": [said(node.content.strip())]},
}


def _blocks(nodes: Iterable[SyntaxTreeNode], said: _Said) -> list[Node]:
    blocks = [_BLOCKS[node.type](node, said) for node in nodes if node.type in _BLOCKS]
    return [block for block in blocks if _says_something(block)]


def _says_something(block: Node) -> bool:
    """Whether there is anything to set: a heading without words is no heading, and documents refuse it."""
    return block["kind"] == "rule" or bool(block.get("inside") or block.get("items"))


def _items(node: SyntaxTreeNode, said: _Said) -> list[list[Node]]:
    return [_blocks(item.children, said) for item in node.children]


def _runs_of(block: SyntaxTreeNode, said: _Said) -> list[Run]:
    return [run for inline in block.children for run in _runs(inline.children, said)]


def _runs(nodes: Iterable[SyntaxTreeNode], said: _Said) -> list[Run]:
    runs: list[Run] = []
    for node in nodes:
        runs += _run(node, said)
    return runs


def _run(node: SyntaxTreeNode, said: _Said) -> list[Run]:
    """Return what one inline node becomes; a picture becomes nothing, and a link that leads nowhere safe its words."""
    match node.type:
        case "text" | "code_inline":
            return [said(node.content)]
        case "softbreak":
            return [" "]
        case "hardbreak":
            return [{"kind": "break"}]
        case "em":
            return [{"kind": "emphasis", "inside": _runs(node.children, said)}]
        case "strong":
            return [{"kind": "strong", "inside": _runs(node.children, said)}]
        case "link":
            inside = _runs(node.children, said)
            to = str(node.attrs.get("href", ""))
            leads = inside and has_safe_scheme(to)
            return [{"kind": "link", "to": to, "inside": inside}] if leads else inside
        case _:
            return []


def _step_by_step(blocks: list[Node]) -> None:
    level = 1
    for heading in _headings(blocks):
        level = heading["level"] = min(max(heading["level"], 2), level + 1, 4)


def _headings(blocks: list[Node]) -> Iterator[Node]:
    for block in blocks:
        if block["kind"] == "heading":
            yield block
        elif block["kind"] == "quote":
            yield from _headings(block["inside"])
        for item in block.get("items", []):
            yield from _headings(item)
