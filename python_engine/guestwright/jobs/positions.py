"""YAML as data that knows where it stands: a tree of nodes, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from guestwright.jobs import scalars

Data = Any
"""Plain dicts, lists and scalars of a file that may be anything."""
Path = Sequence[str | int]
"""Keys and indexes from the root of a file to a value."""


class Position(NamedTuple):
    """A place in a file; both are counted from 1, columns in characters."""

    line: int
    column: int


def named(path: Path) -> str:
    """Return a path as messages write it: `guests[0].guest_processing.routes`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{scalars.shown(step)}" if text else scalars.shown(step)
    return text


@dataclass(slots=True)
class Node:
    """What scalars, sequences and mappings have in common.

    Attributes:
        position: where it begins; for an alias, where the alias stands.
        size: how many nodes it is when aliases are written out.
        height: how deep it is nested.
        refused: a problem of it has been told already, so that checks need not tell another.
    """

    position: Position
    size: int = 1
    height: int = 1
    refused: bool = False

    def adopt(self, child: Node) -> None:
        """Count a child in."""
        self.size += child.size
        self.height = max(self.height, child.height + 1)


@dataclass(slots=True)
class Scalar(Node):
    """A single value. `plain` is: written without quotes, so that YAML may read it as something else than text."""

    text: str = ""
    plain: bool = False

    @property
    def value(self) -> scalars.Value:
        """What YAML reads it as."""
        return scalars.resolve(self.text) if self.plain else self.text


@dataclass(slots=True)
class SequenceNode(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """One key of a mapping with its value."""

    key_position: Position
    node: Node


@dataclass(slots=True)
class MappingNode(Node):
    """A mapping whose keys are text."""

    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A file's content: `file` is its path as the user gave it."""

    file: str
    root: Node

    def data(self, path: Path = ()) -> Data:
        """Return the value at a path as plain dicts, lists and scalars, None where there is none.

        Values of aliases are shared.
        """
        node = self.node(path)
        return None if node is None else _plain(node, {})

    def locate(self, path: Path) -> Position:
        """Return where the value at a path begins; where there is none, the innermost value that is there."""
        return self._walk(path)[-1].position

    def locate_key(self, path: Path) -> Position:
        """Return where the key of the value at a path stands; for an item of a list, the item."""
        *parents, last = path
        parent = self._walk(parents)[-1]
        if isinstance(parent, MappingNode) and isinstance(last, str) and last in parent.entries:
            return parent.entries[last].key_position
        return self.locate(path)

    def node(self, path: Path) -> Node | None:
        """Return the node at a path, None where there is none."""
        nodes = self._walk(path)
        return nodes[-1] if len(nodes) == len(path) + 1 else None

    def refused(self, path: Path) -> bool:
        """Whether the value at a path, or one around it, has been refused already."""
        return any(node.refused for node in self._walk(path))

    def _walk(self, path: Path) -> list[Node]:
        nodes = [self.root]
        for step in path:
            child = _child(nodes[-1], step)
            if child is None:
                break
            nodes.append(child)
        return nodes


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MappingNode) and isinstance(step, str):
        entry = node.entries.get(step)
        return entry.node if entry else None
    if isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def _plain(node: Node, made: dict[int, Data]) -> Data:
    if id(node) not in made:
        made[id(node)] = _made(node, made)
    return made[id(node)]


def _made(node: Node, made: dict[int, Data]) -> Data:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, SequenceNode):
        return [_plain(item, made) for item in node.items]
    if isinstance(node, MappingNode):
        return dict(_items(node, made))
    raise TypeError(f"not a node of a document: {type(node).__name__}")


def _items(node: MappingNode, made: dict[int, Data]) -> Iterator[tuple[str, Data]]:
    for key, entry in node.entries.items():
        yield key, _plain(entry.node, made)
