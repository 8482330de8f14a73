from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.app import policy_of, register_of
from bot.settings import READERS, Relay, load, toml_name
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
        "DESK_DISK_RESERVE": "1 GB",
        "DESK_DATABASE_URL": "mysql://desk:sesame@db.example.org/desk",
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


def test_reminders_and_who_stands_in_are_settings(tmp_path: Path):
    file = tmp_path / "desk.toml"
    file.write_text('reminders = [3, 7]\n[people]\nbackups = {U01ANA = "U02BEN"}\n')
    settings = load({}, file=file)
    assert settings.reminders == (7, 3)
    policy = policy_of(settings)
    assert (policy.reminders, policy.backups) == ((7, 3), {"U01ANA": "U02BEN"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[people]\nbackups = {U01ANA = "ben"}\n', "ben is no Slack id"),
        ('[people]\nbackups = "U02BEN"\n', "table"),
        ('[people]\nduty = ["ben"]\n', "ben is no Slack id"),
        ("[people]\nduty = 7\n", "list"),
        ('[people.groups]\nstaff = "C01STAFF"\n', "ids with S"),
        ('[people.groups]\neverybody = "S01ALL"\n', "staff, manager"),
        ('[people]\ngroups = "S01ALL"\n', "table"),
        ('[people]\nowners = {billing = "ben"}\n', "ben is no Slack id"),
        ('[people]\nowners = {crm = "U02BEN"}\n[[register]]\nname = "web"\n', "not on the"),
        ('[[register]]\nname = "the web"\n', "is no name"),
        ('reminders = "soon"\n', "DESK_REMINDERS"),
        ("reminders = [0]\n", "DESK_REMINDERS"),
    ],
)
def test_reminders_that_cannot_be_used_are_named(tmp_path: Path, text: str, says: str):
    file = tmp_path / "desk.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=says):
        load({}, file=file)


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


def test_a_small_team_is_a_setting():
    assert policy_of(load({}, file=None)).second_person == "always"
    small = load({"DESK_SECOND_PERSON": "small_team"}, file=None)
    assert policy_of(small).second_person == "small_team"
    with pytest.raises(SettingsError, match="DESK_SECOND_PERSON"):
        load({"DESK_SECOND_PERSON": "nobody"}, file=None)


def test_how_long_a_code_lives_is_a_setting():
    policy = policy_of(load({"DESK_CODE_TRIES": "5", "DESK_CODE_DAYS": "2"}, file=None))
    assert (policy.code_tries, policy.code_life) == (5, timedelta(days=2))
    for name in ("DESK_CODE_TRIES", "DESK_CODE_DAYS"):
        with pytest.raises(SettingsError, match=f"{name} cannot be used: .*above 0"):
            load({name: "0"}, file=None)


def test_a_system_without_a_title_is_called_by_its_name(tmp_path: Path):
    file = tmp_path / "desk.toml"
    file.write_text('[people]\nowners = {web = "U02BEN"}\n[[register]]\nname = "web"\n')
    (system,) = register_of(load({}, file=file))
    assert (system.title, system.owner) == ("web", "U02BEN")


def test_names_in_the_file_have_no_prefix():
    assert toml_name("DESK_SMTP_PORT") == "smtp_port"
    assert toml_name("SLACK_BOT_TOKEN") == "slack_bot_token"


@pytest.mark.parametrize(
    ("text", "relay"),
    [
        ("mail.example.org:25", Relay(host="mail.example.org", port=25)),
        ("[2001:db8::1]:2525", Relay(host="2001:db8::1", port=2525)),
        ("smtp://mail.example.org", Relay(host="mail.example.org", port=25)),
        ("starttls://mail.example.org", Relay(host="mail.example.org", port=587, tls="required")),
        ("smtps://mail.example.org", Relay(host="mail.example.org", port=465, tls="implicit")),
        ("SMTPS://[2001:db8::1]:4650", Relay(host="2001:db8::1", port=4650, tls="implicit")),
    ],
)
def test_the_relay_and_how_the_way_there_is_encrypted(text: str, relay: Relay):
    assert load({"DESK_RELAY": text}, file=None).relay == relay


@pytest.mark.parametrize("text", ["http://mail.example.org", "mail.example.org", "smtps://", ":25"])
def test_what_is_no_relay(text: str):
    with pytest.raises(SettingsError, match="DESK_RELAY"):
        load({"DESK_RELAY": text}, file=None)


def test_whose_word_on_a_sender_is_believed():
    said = {
        "DESK_AUTHSERV_IDS": "MX.example.com, microsoft365",
        "DESK_INBOUND_RELAYS": "192.0.2.7/24 2001:db8::1",
        "DESK_NAMESERVER": "127.0.0.1",
        "DESK_ARC_SEALERS": "Lists.example.net",
    }
    settings = load(said, file=None)
    assert settings.authserv_ids == ("mx.example.com", "microsoft365")
    assert settings.inbound_relays == ("192.0.2.0/24", "2001:db8::1/128")
    assert settings.nameserver == ("127.0.0.1", 53)
    assert settings.arc_sealers == ("lists.example.net",)
    assert load({"DESK_NAMESERVER": "127.0.0.1:5300"}, file=None).nameserver == ("127.0.0.1", 5300)
    for name, wrong in (
        ("DESK_INBOUND_RELAYS", "mail.example.org"),
        ("DESK_NAMESERVER", "ns.example.org"),
        ("DESK_AUTHSERV_IDS", "mx.example.com"),  # and no relay
    ):
        with pytest.raises(SettingsError, match=name):
            load({name: wrong}, file=None)


def test_the_name_in_smtp():
    assert load({}, file=None).smtp_name == "localhost"
    assert load({"DESK_SMTP_NAME": "MX.example.com"}, file=None).smtp_name == "mx.example.com"
    for wrong in ("a b", "x\r\ny", "-x", "ü.example.org"):
        with pytest.raises(SettingsError, match="DESK_SMTP_NAME"):
            load({"DESK_SMTP_NAME": wrong}, file=None)


def test_the_count_of_confirmed_ignores():
    assert load({"DESK_CONFIRMED_IGNORES": "0"}, file=None).confirmed_ignores == 0
    with pytest.raises(SettingsError, match="DESK_CONFIRMED_IGNORES"):
        load({"DESK_CONFIRMED_IGNORES": "many"}, file=None)


def test_the_reserve_is_megabytes():
    assert load({"DESK_DISK_RESERVE": "100"}, file=None).disk_reserve == 100 * 2**20


def test_tls_cannot_be_a_must_without_a_certificate():
    with pytest.raises(SettingsError, match="DESK_TLS_REQUIRED"):
        load({"DESK_TLS_REQUIRED": "1"}, file=None)


def test_company_reviewers_and_promises_come_from_the_file(tmp_path: Path):
    file = tmp_path / "desk.toml"
    file.write_text(
        '[company]\nname = "Example Ltd"\n[reviewers]\nde = "A. Weber"\n'
        '[[promises]]\nsince = 2026-01-01\nversion = "January 2026"\n'
        '[[promises]]\nsince = 2018-11-01\nversion = "November 2018"\ndispute_body = "JAMS"\n'
    )
    found = load({}, file=file)
    assert found.company.name == "Example Ltd"
    assert found.reviewers == {"de": "A. Weber"}
    assert [each.version for each in found.promises] == ["November 2018", "January 2026"]


def test_a_table_that_cannot_be_used_is_named(tmp_path: Path):
    file = tmp_path / "desk.toml"
    file.write_text('[company]\nnmae = "x"\n[[promises]]\nversion = "y"\n')
    with pytest.raises(SettingsError) as raised:
        load({}, file=file)
    assert [fault.partition(" cannot")[0] for fault in raised.value.faults] == [
        "[company]", "[promises]",
    ]  # fmt: skip


def test_the_register_is_the_default_with_its_owners_or_ones_own(tmp_path: Path):
    file = tmp_path / "desk.toml"
    file.write_text('[people]\nowners = {billing = "U02BEN"}\n')
    usual = {system.name: system for system in register_of(load({}, file=file))}
    assert len(usual) == 13
    assert (usual["billing"].owner, usual["accounts"].owner) == ("U02BEN", "")
    assert [name for name, system in usual.items() if system.marketing] == ["marketing"]
    file.write_text('[customers]\nChoir = "privacy@example.net"\n')
    assert load({}, file=file).customers == {"Choir": "privacy@example.net"}
    file.write_text('[[register]]\nname = "crm"\nowner = "U01ANA"\nmarketing = true\n')
    (own,) = register_of(load({}, file=file))
    assert (own.name, own.title, own.owner, own.marketing) == ("crm", "crm", "U01ANA", True)


def test_days_in_slack_end_before_the_list_of_them_is_destroyed():
    assert load({}, file=None).slack_days == 30
    assert policy_of(load({"DESK_SLACK_DAYS": "0"}, file=None)).slack_days == 0
    for wrong in ("81", "-1", "a month"):
        with pytest.raises(SettingsError, match="DESK_SLACK_DAYS"):
            load({"DESK_SLACK_DAYS": wrong}, file=None)
