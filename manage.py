#!/usr/bin/env python
"""The command line of the site; `manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")
    if sys.argv[1:2] == ["demo"]:
        from prefcenter.management import demo_environment, listening

        # Before a folder, secrets or a database are made.
        if problem := listening.why_not(*listening.resolve("127.0.0.1", demo_environment.port(sys.argv[2:]))):
            sys.exit(problem)
        demo_environment.prepare(sys.argv[2:])
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
