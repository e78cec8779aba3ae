"""``carbonctl validate``: check files without an estimate."""

import sys
from typing import Annotated

import typer

from carbonctl.app.validate import Kind
from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import count_steps
from carbonctl.cli.run import write_warnings
from carbonctl.core.errors import UsageError

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE]...", help="Scenarios, policies, saved results, or - for stdin."),
]
Schema = Annotated[Kind | None, typer.Option(help="Print the JSON Schema.")]


@o.with_flags("format", "json", *o.DATA, "quiet")
def command(run: o.GithubRunOptions, files: Files = None, print_schema: Schema = None) -> None:
    """Check scenarios, policies, saved results (schema, sums) and emissions of model cards."""
    from carbonctl.app.validate import json_schema, validate_files

    if print_schema is not None:
        sys.stdout.write(json_schema(print_schema).to_json())
        return
    if not files:
        message = "give scenario or policy files, or --print-schema KIND"
        raise UsageError(message)
    form = choose_format(run, ("table", "json", "github"))
    on_valid = sys.stdout.write if form == "table" and not run.quiet else None
    counted = files if on_valid and sys.stdout.isatty() else count_steps(files, "validate")
    found = validate_files(counted, run.hardware_db, run.root, on_valid)
    write_warnings(found.warnings, quiet=run.quiet)
    sys.stdout.write(found.render(form))
