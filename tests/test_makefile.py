"""Every target of the Makefile has one recipe."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

MAKEFILE = Path(__file__).parent.parent.joinpath("Makefile").read_text(encoding="utf-8")


def test_every_phony_target_has_one_rule():
    """A name without a rule does nothing, silently; of two rules one is dropped."""
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    rules = Counter(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert {name: rules[name] for name in phony.split()} == dict.fromkeys(phony.split(), 1)


def test_the_help_and_the_rules_name_the_same():
    """What the heading explains can be made, and `test` is made of rules that exist."""
    explained = set(re.findall(r"^#   make ([a-z-]+)", MAKEFILE, re.MULTILINE))
    (parts,) = re.findall(r"^test: (.*)$", MAKEFILE, re.MULTILINE)
    rules = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert explained | set(parts.split()) <= rules
