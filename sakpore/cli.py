"""The `sakpore` command: one place from which the office is started, driven, asked and checked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
calendar_app = typer.Typer(no_args_is_help=True, help="The working-day calendar.")
definitions_app = typer.Typer(no_args_is_help=True, help="Permit types as dated data.")
agenda_app = typer.Typer(no_args_is_help=True, help="The agenda register of letter numbers.")
archive_app = typer.Typer(no_args_is_help=True, help="The archive of signed letters.")
letters_app = typer.Typer(no_args_is_help=True, help="Letters that were written.")
user_app = typer.Typer(no_args_is_help=True, help="Accounts.")
app.add_typer(agenda_app, name="agenda")
app.add_typer(archive_app, name="archive")
app.add_typer(calendar_app, name="calendar")
app.add_typer(definitions_app, name="definitions")
app.add_typer(letters_app, name="letters")
app.add_typer(user_app, name="user")

VAR = Path("var")
DataDir = Annotated[Path, typer.Option("--data", help="Folder of this installation's data.")]


@app.command()
def up(
    data: DataDir = VAR,
    tls: Annotated[bool, typer.Option("--tls", help="Serve HTTPS to phones in the same network.")] = False,
) -> None:
    """Start everything on embedded parts and stay until Ctrl-C."""
    from sakpore.stack.up import up as start

    raise typer.Exit(start(data, tls=tls))


@app.command()
def migrate(data: DataDir = VAR) -> None:
    """Bring the database to the newest schema."""
    from sakpore.stack.up import migrate as bring

    raise typer.Exit(bring(data))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the summary and the signed letters are written.")] = VAR / "demo",
    seconds: Annotated[float, typer.Option(help="Seconds a working day takes.", min=0.5)] = 2.0,
) -> None:
    """Drive three permits from application to signed letter over HTTP, then stop everything."""
    from sakpore.demo.run import run_demo

    raise typer.Exit(run_demo(out, seconds))


@app.command()
def doctor(
    data: DataDir = VAR,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Look at this installation and say what is well and what is not. Exit 1 with a fault, 2 where nothing is found."""
    from sakpore.doctor import doctor as look

    raise typer.Exit(look(data, os.environ, as_json, typer.echo))


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="PDF files.")],
    policy: Annotated[Path | None, typer.Option(help="Verification policy (JSON).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Judge signed PDFs: SAH, TIDAK_SAH, RUSAK, TIDAK_BERTANDA_TANGAN or BELUM_TERBIT. Exit 0 only when all are SAH."""
    from sakpore.judging import judge_files

    raise typer.Exit(judge_files(files, policy, as_json))


@calendar_app.command("due")
def calendar_due(
    received: Annotated[str, typer.Argument(help="Day of receipt, such as 2026-03-13.")],
    working_days: Annotated[int, typer.Argument(help="Working days promised.", min=1)],
    explain: Annotated[bool, typer.Option(help="Show the arithmetic, day by day.")] = False,
) -> None:
    """The day by which a promise is kept; the day of receipt is never counted."""
    from permits.calendar import CalendarTooShort
    from permits.calendar_loader import load_office_calendar

    try:
        day = date.fromisoformat(received)
        calendar = load_office_calendar()
        due = calendar.due_date(day, working_days)
    except (ValueError, CalendarTooShort) as wrong:
        _fail(f"{wrong}. Give a day as 2026-03-13 within the calendar's years.")
    if explain:
        for line in calendar.explain(day, working_days):
            counted = f"{line.ordinal}" if line.counts else line.name or line.reason_code
            typer.echo(f"{line.date} {counted}")
    typer.echo(due.isoformat())


@calendar_app.command("declare")
def calendar_declare(
    day: Annotated[str, typer.Argument(metavar="DATE", help="Such as 2026-03-20; today or later.")],
    kind: Annotated[str, typer.Argument(help="national, joint_leave, office or working.")],
    name: Annotated[str, typer.Argument(help="What the day is called.")],
    by: Annotated[str, typer.Option(help="E-mail of the coordinator who declares it.")],
    data: DataDir = VAR,
) -> None:
    """Declare a day in a running office; every open case and agency request is planned anew at once."""
    from sakpore.declaring import declare

    _say(lambda: declare(day, kind, name, by, data, os.environ, typer.echo))


@letters_app.command("render")
def letters_render(
    sha256: Annotated[str, typer.Argument(help="Of the letter before it was signed.")],
    data: DataDir = VAR,
    out: Annotated[Path | None, typer.Option(help="Where the PDF is written.")] = None,
) -> None:
    """Render a letter again from what was kept of it. Exit 0 only when the bytes are the same."""
    from sakpore.letters import render_again

    raise typer.Exit(render_again(sha256, data, out))


@letters_app.command("rotate-field-key")
def letters_rotate_field_key(
    data: DataDir = VAR,
    revoke: Annotated[bool, typer.Option(help="The old key may be in other hands: refuse what it signed.")] = False,
) -> None:
    """Sign offline codes with a new key from now on; the old one stays published with its end."""
    from sakpore.letters import rotate_field_key

    raise typer.Exit(rotate_field_key(data, revoke))


@agenda_app.command("audit")
def agenda_audit(
    series: Annotated[str | None, typer.Option(help="This series alone.")] = None,
    year: Annotated[int | None, typer.Option(help="This year alone.", min=2000, max=2999)] = None,
    data: DataDir = VAR,
) -> None:
    """Look for gaps in the letter numbers of a running office. Exit 1 when one is missing or stands twice."""
    from sakpore.agenda import audit_agenda

    raise typer.Exit(audit_agenda(data, series, year))


@definitions_app.command("check")
def definitions_check(
    folder: Annotated[Path | None, typer.Option(help="Folder of definition files; by default the office's.")] = None,
) -> None:
    """Read every definition; types confirmed and to be confirmed are counted apart. Exit 1 names file, line, field."""
    from sakpore import definitions

    _say(lambda: definitions.check(folder))


@definitions_app.command("list")
def definitions_list() -> None:
    """One line a version."""
    from sakpore import definitions

    _say(definitions.table)


@definitions_app.command("show")
def definitions_show(
    code: Annotated[str, typer.Argument(help="Such as izin-penelitian.")],
    version: Annotated[int | None, typer.Option(help="The newest published one by default.", min=1)] = None,
) -> None:
    """One permit type as an officer reads it: requirements, steps, days, agencies, ladders, legal basis, source."""
    from sakpore import definitions

    _say(lambda: definitions.show(code, version))


@definitions_app.command("publish")
def definitions_publish(
    file: Annotated[Path, typer.Argument(help="A definition file with one version of `status: draft`.")],
    author: Annotated[str, typer.Option(help="E-mail of who wrote it: sub-coordinator or coordinator.")],
    publisher: Annotated[str, typer.Option(help="E-mail of the coordinator who publishes it.")],
    data: DataDir = VAR,
) -> None:
    """Publish a file's draft into a running installation, under two people's names."""
    from sakpore import definitions

    _say(lambda: definitions.publish(file, author, publisher, data, os.environ))


def _say(work: Callable[[], str]) -> None:
    from sakpore.definitions import CannotDo

    try:
        typer.echo(work())
    except CannotDo as wrong:
        _fail(str(wrong))


DueBefore = Annotated[
    str | None, typer.Option(metavar="DATE", help="Such as 2027-01-31; by default 400 days from now.")
]


@archive_app.command("list")
def archive_list(due_before: DueBefore = None, data: DataDir = VAR) -> None:
    """Letters whose youngest timestamp ends before a day, the most urgent first."""
    from sakpore.archive import list_due

    _say(lambda: "\n".join(list_due(due_before, data, os.environ)))


@archive_app.command("refresh")
def archive_refresh(due_before: DueBefore = None, data: DataDir = VAR) -> None:
    """Renew the archives that end before a day, as the daily run does. Exit 1 when one could not be renewed."""
    from sakpore.archive import refresh
    from sakpore.definitions import CannotDo

    try:
        told, sound = refresh(due_before, data, os.environ)
    except CannotDo as wrong:
        _fail(str(wrong))
    typer.echo(told)
    raise typer.Exit(0 if sound else 1)


@user_app.command("totp")
def user_totp(person: str = "kepala", data: DataDir = VAR) -> None:
    """Show the one-time code of a demonstration officer (development only)."""
    from sakpore.seed import TOTP_FILE
    from signing.totp import totp_now

    kept = data / "keys" / TOTP_FILE
    if not kept.exists():
        _fail(f"{kept} is not there: start the office once with `make run`.")
    secrets = json.loads(kept.read_text())
    if person not in secrets:
        _fail(f"{person} has no demonstration code.")
    typer.echo(totp_now(bytes.fromhex(secrets[person]), datetime.now(UTC)))


@user_app.command("add")
def user_add(
    name: Annotated[str, typer.Option(help="As it stands under letters.")],
    email: Annotated[str, typer.Option(help="Address of the log-in.")],
    role: Annotated[str, typer.Option(help="A role such as ops, front_office or opd.")] = "ops",
    field: Annotated[str | None, typer.Option(help="Back office: its field.")] = None,
    opd: Annotated[str | None, typer.Option(help="Agency officers: the agency's code.")] = None,
    head: Annotated[bool, typer.Option(help="Agency officers: the agency's head.")] = False,
    data: DataDir = VAR,
) -> None:
    """Make an officer's account and show the link that sets its password; again for a new link."""
    from permits.authority import Role
    from sakpore.users import UserError, add_user

    try:
        typer.echo(add_user(data, name, email, Role(role), field, opd, head))
    except ValueError:
        _fail(f"There is no such role. Roles: {', '.join(one.value for one in Role)}.")
    except UserError as wrong:
        _fail(str(wrong))


@user_app.command("ticket")
def user_ticket(
    email: Annotated[str, typer.Argument(help="Address of the officer's log-in.")], data: DataDir = VAR
) -> None:
    """Show a code that lets one passkey of an officer in; hand it over in person. Runs where the signing key is."""
    from sakpore.users import UserError, ticket_for

    try:
        typer.echo(ticket_for(data, email))
    except UserError as wrong:
        _fail(str(wrong))


@user_app.command("deactivate")
def user_deactivate(email: Annotated[str, typer.Argument(help="Address of the log-in.")], data: DataDir = VAR) -> None:
    """End an officer's log-ins at once, and say what is left behind."""
    from sakpore.users import UserError, deactivate_user

    try:
        typer.echo(deactivate_user(data, email))
    except UserError as wrong:
        _fail(str(wrong))


@user_app.command("list")
def user_list(data: DataDir = VAR) -> None:
    """One line an officer: role, desk, state, address, name."""
    from sakpore.users import UserError, list_users

    try:
        for line in list_users(data):
            typer.echo(line)
    except UserError as wrong:
        _fail(str(wrong))


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def main() -> None:
    """The entry point of `sakpore` and `python -m sakpore`."""
    app()


if __name__ == "__main__":
    main()
