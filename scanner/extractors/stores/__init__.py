"""Database files: recognised by content, their structure read without any server and without keeping a value."""

from scanner.extractor import Unread
from scanner.extractors.stores.content import Content
from scanner.extractors.stores.readers import structure
from scanner.extractors.stores.signs import HEAD, Recognised, recognise, scrambled

__all__ = ["HEAD", "Content", "Recognised", "Unread", "recognise", "scrambled", "structure"]
