"""The YAML reader: a strict part of YAML, with places, and with bounds that hold before anything is expanded.

It is built on the parser's events instead of on its nodes: so depth and size are bounded while reading, nothing
recurses, and every duplicate key, tag, empty value and further document can be told at once.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from guestwright.errors import InvalidFileError, Problem
from guestwright.jobs import yaml_syntax, yaml_text
from guestwright.jobs.positions import Document, Entry, MappingNode, Node, Position, Scalar, SequenceNode
from guestwright.jobs.scalars import shown

MOST_NODES = 50_000
"""How many values a file may hold when its aliases are written out."""
MOST_DEPTH = 32
"""How deep a file may be nested when its aliases are written out."""
MOST_PROBLEMS = 100
"""How many problems are told of one file."""

_CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(file: str, content: bytes) -> tuple[Document, list[Problem]]:
    """Read a YAML file.

    Args:
        file: the path as the user gave it.
        content: the file's bytes.

    Returns:
        the content, and what was found wrong in it that does not keep the rest from being checked.

    Raises:
        InvalidFileError: the content cannot be read to its end; holds all problems up to there.
    """
    text, problems = yaml_text.decode(file, content)
    if problems:
        raise InvalidFileError(problems)
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise InvalidFileError([*builder.problems, *yaml_syntax.problems(file, text, error)]) from error
    except _Stop as stop:
        raise InvalidFileError(bounded(builder.problems)) from stop
    if builder.root is None:
        builder.tell(Position(1, 1), "the file is empty", "`guestwright schema` says what it may hold", "empty")
        raise InvalidFileError(builder.problems)
    return Document(file, builder.root), builder.problems


def bounded(problems: Sequence[Problem]) -> list[Problem]:
    """Return the first problems by place; where there are too many, the last one says so and where it ends."""
    if len(problems) < MOST_PROBLEMS:
        return sorted(problems)
    *told, last = sorted(problems)[:MOST_PROBLEMS]
    message = f"there are more problems from here on; only {len(told)} are told"
    return [*told, Problem(last.file, last.line, last.column, message, "mend these first", "too_many")]


class _Stop(Exception):  # noqa: N818 - it ends the reading, and is no error by itself
    """Reading on would be useless or costly."""


@dataclass(slots=True)
class _Frame:
    """A collection whose end has not been read. `key` is the key whose value comes next."""

    node: SequenceNode | MappingNode
    anchor: str | None
    key: Node | None = None


@dataclass(slots=True)
class _Builder:
    """Makes nodes of events; holds what is open and what is wrong."""

    file: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    _stack: list[_Frame] = field(default_factory=list)
    _anchors: dict[str, Node] = field(default_factory=dict)
    _documents: int = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the parser."""
        mark = event.start_mark
        position = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, position)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(event, MappingNode(position))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open(event, SequenceNode(position))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), position)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self.stop(position, "a second document begins here", "a file holds one; remove the rest", "documents")

    def tell(self, position: Position, message: str, hint: str, rule: str) -> None:
        """Note a problem; too many of them end the reading."""
        self.problems.append(Problem(self.file, *position, message, hint, rule))
        if len(self.problems) >= MOST_PROBLEMS:
            raise _Stop

    def stop(self, position: Position, message: str, hint: str, rule: str) -> None:
        """Note a problem after which nothing more is read."""
        self.tell(position, message, hint, rule)
        raise _Stop

    def _scalar(self, event: yaml.ScalarEvent, position: Position) -> None:
        node = Scalar(position, text=event.value, plain=event.implicit[0])
        self._refuse_tag(event.tag, node)
        self._refuse_control_characters(node)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._attach(node)

    def _open(self, event: yaml.CollectionStartEvent, node: SequenceNode | MappingNode) -> None:
        self._refuse_tag(event.tag, node)
        self._bound_depth(node)
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)
        self._stack.append(_Frame(node, event.anchor))

    def _close(self) -> None:
        frame = self._stack.pop()
        if frame.anchor is not None:
            self._anchors[frame.anchor] = frame.node
        self._attach(frame.node)

    def _alias(self, anchor: str, position: Position) -> None:
        node = self._anchors.get(anchor)
        if node is None:
            if any(frame.anchor == anchor for frame in self._stack):
                message, hint = f"`*{shown(anchor)}` stands inside of what it names", "write the value out"
            else:
                message, hint = f"no anchor `&{shown(anchor)}` stands before this alias", "write the value out"
            self.tell(position, message, hint, "alias")
            self._attach(Scalar(position, refused=True))
            return
        self._bound_depth(node, position)
        self._attach(dataclasses.replace(node, position=position))

    def _attach(self, node: Node) -> None:
        if not self._stack:
            self._attach_root(node)
            return
        frame = self._stack[-1]
        if isinstance(frame.node, SequenceNode):
            self._refuse_empty(node, node.position, "an item of a list has no value", "remove the item, or give it one")
            frame.node.items.append(node)
        elif frame.key is None:
            frame.key = node
        else:
            self._attach_value(frame.node, frame.key, node)
            frame.key = None
        frame.node.adopt(node)
        if frame.node.size > MOST_NODES:
            hint = "write less of it, or less of it through aliases"
            self.stop(node.position, f"the file holds more than {MOST_NODES} values", hint, "too_large")

    def _attach_root(self, node: Node) -> None:
        if isinstance(node, Scalar) and node.value is None:
            return
        self.root = node

    def _attach_value(self, mapping: MappingNode, key: Node, node: Node) -> None:
        name = self._key_text(key)
        if name is None:
            mapping.refused = True
            return
        if name in mapping.entries:
            first = mapping.entries[name].key_position.line
            hint = f"the first one is on line {first}; keep one"
            self.tell(key.position, f"the key `{shown(name)}` is there twice", hint, "duplicate_key")
            return
        hint = "give it one, or remove the key"
        self._refuse_empty(node, key.position, f"the key `{shown(name)}` has no value", hint)
        mapping.entries[name] = Entry(key.position, node)

    def _key_text(self, key: Node) -> str | None:
        if key.refused:
            return None
        if not isinstance(key, Scalar):
            hint = 'put an expression in quotes: "{{ ... }}"'
            self.problems = [each for each in self.problems if (each.line, each.column) < key.position]
            self.tell(key.position, "a key must be text, not a list or a mapping", hint, "key")
            return None
        if key.plain and key.text == "<<":
            hint = "write the settings out; an alias for a whole value is allowed"
            self.tell(key.position, "the merge key `<<` is not allowed", hint, "merge_key")
            return None
        if key.value is None:
            self.tell(key.position, "a key is missing before the colon", "write `key: value`", "key")
            return None
        if not isinstance(key.value, str):
            text = shown(key.text)
            self.tell(key.position, f"the key `{text}` is not text", f'put it in quotes: "{text}"', "key")
            return None
        return key.text

    def _refuse_empty(self, node: Node, position: Position, message: str, hint: str) -> None:
        if isinstance(node, Scalar) and node.value is None and not node.refused:
            node.refused = True
            self.tell(position, message, hint, "empty_value")

    def _refuse_tag(self, tag: str | None, node: Node) -> None:
        if tag is None:
            return
        node.refused = True
        hint = "remove it"
        if "vault" in tag:
            hint = "secrets belong into the inventory; a job holds none"
        written = tag.replace("tag:yaml.org,2002:", "!!", 1)
        self.tell(node.position, f"the YAML tag `{shown(written)}` is not allowed", hint, "tag")

    def _refuse_control_characters(self, node: Scalar) -> None:
        match = _CONTROL_CHARACTER.search(node.text)
        if match:
            node.refused = True
            message = f"the text holds the control character U+{ord(match[0]):04X}"
            self.tell(node.position, message, "remove it", "character")

    def _bound_depth(self, node: Node, position: Position | None = None) -> None:
        if len(self._stack) + node.height > MOST_DEPTH:
            message = f"the file is nested deeper than {MOST_DEPTH} levels"
            self.stop(position or node.position, message, "write it flatter", "too_deep")
