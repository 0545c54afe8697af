"""What is measured on a page in the browser: JavaScript that returns what is wrong, or what stands there."""

_TARGETS = "a[href], button:not([tabindex]), input, select, textarea, summary"

#: The parts that stick out sideways, if the page has to be scrolled for them (WCAG 2.2, 1.4.10).
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('*')]
    .filter(part => part.getBoundingClientRect().right > innerWidth || part.getBoundingClientRect().left < 0)
    .map(part => part.outerHTML.slice(0, 80))"""

#: What a finger cannot hit. A link in the middle of a sentence is exempt (WCAG 2.2, 2.5.8); so is what is hidden.
TOO_SMALL = f"""() => [...document.querySelectorAll('{_TARGETS}')]
    .filter(one => one.type != 'hidden' && one.checkVisibility() && getComputedStyle(one).display != 'inline')
    .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
    .filter(([html, box]) => box.width < 44 || box.height < 44)
    .map(([html, box]) => `${{html}}: ${{box.width}} x ${{box.height}}`)"""

UNFIT = f"() => [...({TOO_WIDE})(), ...({TOO_SMALL})()]"

_NAMED = """one => [one.tagName, one.type == 'radio' ? one.name : one.id || one.name + one.value + one.innerText]
    .join(' ')"""
#: Everything that can be operated, in the order in which it stands on the page; of radio buttons the group counts.
REACHABLE = f"""() => [...new Set([...document.querySelectorAll('{_TARGETS}')]
    .filter(one => one.type != 'hidden' && one.checkVisibility()).map({_NAMED}))]"""
FOCUSED = f"() => ({_NAMED})(document.activeElement)"

#: All that a reader sees or hears.
WORDS = """() => [document.title, document.body.innerText,
    ...[...document.querySelectorAll('[aria-label], [placeholder]')].filter(one => one.checkVisibility())
    .map(one => `${one.ariaLabel} ${one.placeholder || ''}`)].join(' ')"""
