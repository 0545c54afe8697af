"""What axe, the accessibility checker, finds wrong with a page."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

#: Nothing but what is wrong comes back: all that is in order would be a megabyte for each page.
_RUN = """options => axe.run(document, {...options, resultTypes: ['violations']}).then(found => found.violations.map(
    one => `${one.id}: ${one.help}. ${one.nodes.map(node => `${node.html} ${node.failureSummary}`).join(' ')}`))"""


def faults(page: Page, rules: dict[str, Any]) -> list[str]:
    """Under these options of axe's, by which it is told what to look at."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return list(page.evaluate(_RUN, rules))
