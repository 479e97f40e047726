"""Each process gets the variables it needs and no others; given ones replace embedded parts."""

from pathlib import Path

import pytest

from sakpore.stack import Stack, StackError, installation, postgres
from sakpore.stack.installation import REPLACED_BY
from sakpore.stack.parts import EMBEDDED, OWN, Part, Plan, all_parts
from sakpore.stack.record import RunRecord
from sakpore.stack.steps import publish_trust
from tests.stack_fixture import system_environment


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_for(tmp_path, {**system_environment(), "AWS_SECRET_ACCESS_KEY": "of-the-caller"})


def plan_for(folder: Path, given: dict[str, str]) -> Plan:
    folders = installation.open_folders(folder)
    book = installation.choose_ports(folders, given, None, {"api": 0})
    book.release_all()
    secrets = installation.load_secrets(folders)
    cluster = postgres.find_cluster(folders.postgres)
    values = installation.full_environment(folders, given, book, secrets, given.get("DATABASE_URL") or cluster.url)
    values |= {"SIGNING_SEAL_KEY": "/keys/seal.key", "SIGNING_SEAL_PUBLIC_KEY": "/keys/seal.pub"}
    return Plan(folders, given, values, book, secrets, cluster)


def every_part(plan: Plan) -> dict[str, Part]:
    return {name: make(plan) for name, make in {**EMBEDDED, **OWN}.items()}


def test_only_the_signing_worker_reaches_the_sealing_key_and_the_officers_files(plan: Plan) -> None:
    for name, part in every_part(plan).items():
        holds_key = "SIGNING_SEAL_KEY" in part.environment
        holds_files = part.environment.get("SIGNING_PKI_DIR") == str(plan.folders.pki)
        assert (holds_key, holds_files) == ((name == "signing",) * 2), name


def test_the_sealing_key_is_made_once_and_its_public_half_is_another_file(tmp_path: Path) -> None:
    folders = installation.open_folders(tmp_path)
    paths = installation.sealing_keys(folders)
    private, public = Path(paths["SIGNING_SEAL_KEY"]), Path(paths["SIGNING_SEAL_PUBLIC_KEY"])
    before = private.read_bytes()
    assert installation.sealing_keys(folders) == paths
    assert private.read_bytes() == before and private.stat().st_mode & 0o777 == 0o600
    assert b"PUBLIC" in public.read_bytes() and b"PRIVATE" not in public.read_bytes()


def test_a_damaged_sealing_key_is_refused_and_kept(tmp_path: Path) -> None:
    folders = installation.open_folders(tmp_path)
    key = folders.keys / "seal.key"
    key.write_text("damaged")
    key.chmod(0o600)
    with pytest.raises(StackError, match="sealing key"):
        installation.sealing_keys(folders)
    assert key.read_text() == "damaged"


def test_the_token_of_whatsapp_is_the_workers_and_its_webhook_s_secrets_are_the_door_s(tmp_path: Path) -> None:
    secrets = {"WHATSAPP_TOKEN": "t" * 20, "WHATSAPP_APP_SECRET": "s" * 20, "WHATSAPP_VERIFY_TOKEN": "v" * 20}
    parts = every_part(plan_for(tmp_path, {**system_environment(), **secrets, "WHATSAPP_PHONE_NUMBER_ID": "1"}))
    holders = {name: {part for part in parts if name in parts[part].environment} for name in secrets}
    assert holders == {"WHATSAPP_TOKEN": {"worker"}, "WHATSAPP_APP_SECRET": {"api"}, "WHATSAPP_VERIFY_TOKEN": {"api"}}
    assert "WHATSAPP_FOLDER" not in parts["worker"].environment, "the real one needs no stand-in"


def test_stand_ins_without_a_process_of_their_own_are_never_chosen_in_production(tmp_path: Path) -> None:
    names = ("WHATSAPP_FOLDER", "POST_TRACKING")
    worker = every_part(plan_for(tmp_path / "a", system_environment()))["worker"].environment
    assert [worker.get(name) for name in names] == [str((tmp_path / "a" / "whatsapp").resolve()), "stand-in"]
    production = {**system_environment(), "SAKPORE_ENV": "production"}
    worker = every_part(plan_for(tmp_path / "b", production))["worker"].environment
    assert [worker.get(name) for name in names] == [None, None]


def test_servers_of_others_get_no_key_of_ours(plan: Plan) -> None:
    for name in EMBEDDED:
        part = every_part(plan)[name]
        values = set(part.environment.values()) | set(part.command)
        secret = {
            plan.secrets.payload_keys,
            plan.secrets.document_keys,
            plan.secrets.qr_key,
            plan.secrets.s3_secret_key,
        }
        assert not values & secret, name


def test_no_secret_stands_on_a_command_line_where_everyone_can_read_it(plan: Plan) -> None:
    secrets = set(vars(plan.secrets).values())
    for part in every_part(plan).values():
        assert not any(secret in word for word in part.command for secret in secrets)


def test_variables_of_the_caller_that_we_do_not_know_are_not_passed_on(plan: Plan) -> None:
    assert all("AWS_SECRET_ACCESS_KEY" not in part.environment for part in every_part(plan).values())


@pytest.mark.parametrize(("part", "variable"), REPLACED_BY.items())
def test_an_embedded_part_is_left_out_when_its_variable_is_given(tmp_path: Path, part: str, variable: str) -> None:
    given = {**system_environment(), variable: "example.invalid:1"}
    assert part not in {each.name for each in all_parts(plan_for(tmp_path, given))}


def test_a_given_address_reaches_the_processes_as_it_is(tmp_path: Path) -> None:
    given = {**system_environment(), "TEMPORAL_ADDRESS": "engine.example.invalid:7233", "SMTP_HOST": "mail.invalid"}
    own = every_part_of_ours(plan_for(tmp_path, given))
    assert own["api"].environment["TEMPORAL_ADDRESS"] == "engine.example.invalid:7233"
    assert own["worker"].environment["SMTP_HOST"] == "mail.invalid"


def every_part_of_ours(plan: Plan) -> dict[str, Part]:
    return {name: make(plan) for name, make in OWN.items()}


def test_the_public_address_stays_when_the_port_moves(tmp_path: Path) -> None:
    folders = installation.open_folders(tmp_path)
    first = installation.public_base_url(folders, {}, 8080)
    assert first == installation.public_base_url(folders, {}, 9090) == "http://localhost:8080"
    assert installation.public_base_url(folders, {"PUBLIC_BASE_URL": "https://izin.example.invalid/"}, 1) == (
        "https://izin.example.invalid"
    )


async def test_an_api_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="API_PORT is not a port number"):
        await Stack(tmp_path, only=(), environment={**system_environment(), "API_PORT": "http"}).start()


def test_the_public_copy_of_the_authority_holds_no_key(tmp_path: Path) -> None:
    pki, trust = tmp_path / "pki", tmp_path / "trust"
    for name in ("root.pem", "crls.pem", "certs/kepala.pem", "p12/kepala.p12", "keys/root.pem"):
        (pki / name).parent.mkdir(parents=True, exist_ok=True)
        (pki / name).write_text(name)
    publish_trust(pki, trust)
    copied = {str(path.relative_to(trust)) for path in trust.rglob("*") if path.is_file()}
    assert copied == {"root.pem", "crls.pem", "certs/kepala.pem"}


def test_the_timestamp_address_is_the_one_the_double_serves(plan: Plan) -> None:
    from signing.double import tsa_url

    assert plan.values["SIGNING_TSA_URL"] == tsa_url(plan.book["tsa"])


def test_pages_return_to_the_port_in_printed_codes_when_it_is_free_again(tmp_path: Path) -> None:
    folders = installation.open_folders(tmp_path)
    first = installation.choose_ports(folders, {}, None, {"api": 0})
    installation.public_base_url(folders, {}, first["api"])
    moved = installation.choose_ports(folders, {}, None, {})
    first.release_all()
    moved.release_all()
    assert moved["api"] != first["api"]
    last = RunRecord.fresh()
    last.ports = moved.numbers
    again = installation.choose_ports(folders, {}, last, {})
    again.release_all()
    assert again["api"] == first["api"]
