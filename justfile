# Each recipe is a plain command that works without `just`, too.

# Lists the recipes.
default:
    @just --list --unsorted

# Lint, types, imports, migrations and deployment checks: seconds.
check:
    .ci/check

# The README's test command: all on SQLite, and on PostgreSQL what only it can show.
test:
    .ci/tests readme

# The same, then what SQLite has passed on PostgreSQL, too, and the coverage of the engine.
test-all:
    .ci/tests readme postgresql coverage

# One file or one test, without the rest: `just only tests/unsubscribe/test_rules.py`.
only *arguments:
    .venv/bin/pytest {{ arguments }}

# Brings the message catalogs in step with the texts in code and templates.
translate:
    .venv/bin/python manage.py translations

# The site with a mailbox to try it out in.
demo:
    .venv/bin/python manage.py demo

# All that has to pass before a change lands.
ci:
    .ci/run
