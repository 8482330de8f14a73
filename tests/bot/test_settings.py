from datetime import time
from pathlib import Path

import pytest

from bot.settings import READERS, load, toml_name
from storage.errors import SettingsError


def test_everything_has_a_safe_default():
    settings = load({}, file=None)
    assert settings.address == ("compliance@cafex.com",)
    assert (settings.smtp_host, settings.smtp_port) == ("127.0.0.1", 8025)
    assert settings.digest_at == time(9, 0)
    assert settings.relay is None


def test_run_names_every_missing_setting_at_once():
    missing = load({}, file=None).missing()
    for name in (
        "SLACK_BOT_TOKEN",
        "DESK_SLACK_CHANNEL",
        "DESK_MASTER_KEY_FILE",
        "SLACK_APP_TOKEN",
    ):
        assert any(name in sentence for sentence in missing), name


def test_every_fault_is_reported_at_once_and_names_its_setting():
    wrong = {
        "DESK_SMTP_PORT": "eighty",
        "DESK_RELAY": "mail.example.org",
        "DESK_TIMEZONE": "Mars/Olympus",
        "DESK_DIGEST_AT": "25:00",
        "DESK_ADDRESS": "not an address",
        "SLACK_BOT_TOKEN": "xapp-1",
        "DESK_SLACK_CHANNEL": "#privacy",
        "SLACK_API_URL": "slack.example.org",
        "DESK_TLS_CERT": "cert.pem",
        "DESK_SMTP_RELAYS": "192.0.2.1/24",
        "DESK_DISK_RESERVE": "1 GB",
    }
    with pytest.raises(SettingsError) as raised:
        load(wrong, file=None)
    assert len(raised.value.faults) == len(wrong)
    for name in wrong:
        assert any(name in fault for fault in raised.value.faults), name


def test_the_environment_wins_over_the_file(tmp_path: Path):
    file = tmp_path / "desk.toml"
    file.write_text('smtp_port = 2525\naddress = ["a@example.org", "b@example.org"]\n')
    settings = load({"DESK_SMTP_PORT": "3535"}, file=file)
    assert settings.smtp_port == 3535
    assert settings.address == ("a@example.org", "b@example.org")


def test_people_come_from_the_file(tmp_path: Path):
    file = tmp_path / "desk.toml"
    file.write_text('[people]\nsafeguarding = "U01ANA"\n')
    assert load({}, file=file).people == {"safeguarding": "U01ANA"}


@pytest.mark.parametrize(
    ("text", "says"),
    [("smtp_prot = 1\n", "smtp_prot"), ("smtp_port = [\n", "desk.toml")],
)
def test_a_faulty_file_is_one_sentence_that_names_it(tmp_path: Path, text: str, says: str):
    file = tmp_path / "desk.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=says):
        load({}, file=file)


def test_the_readme_lists_every_setting():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for name, _, _ in READERS:
        assert f"`{name}`" in readme, name


def test_names_in_the_file_have_no_prefix():
    assert toml_name("DESK_SMTP_PORT") == "smtp_port"
    assert toml_name("SLACK_BOT_TOKEN") == "slack_bot_token"


def test_relays_and_the_reserve_are_read():
    settings = load(
        {"DESK_SMTP_RELAYS": "192.0.2.0/24, 2001:db8::25", "DESK_DISK_RESERVE": "100"}, file=None
    )
    assert [str(network) for network in settings.smtp_relays] == [
        "192.0.2.0/24",
        "2001:db8::25/128",
    ]
    assert settings.disk_reserve == 100 * 2**20


def test_tls_cannot_be_a_must_without_a_certificate():
    with pytest.raises(SettingsError, match="DESK_TLS_REQUIRED"):
        load({"DESK_TLS_REQUIRED": "1"}, file=None)
