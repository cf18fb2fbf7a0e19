"""What may be set, and that a wrong value names itself and never prints a secret."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seatkeeper.errors import BadSetting
from seatkeeper.settings.reader import Identity, Settings, read

KEY = "k" * 40


def read_in(home: Path, **given: str) -> Settings:
    return read({"SEATKEEPER_HOME": str(home), **{f"SEATKEEPER_{name}": value for name, value in given.items()}})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_first_start_makes_a_closed_folder_and_a_key_that_stays(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    first = read_in(home)
    assert (mode(home), mode(home / "secret.key")) == (0o700, 0o600)
    assert len(first.secret_key.reveal()) >= 43  # 32 random bytes
    assert read_in(home) == first._replace(key_is_new=False)
    assert sorted(path.name for path in home.iterdir()) == ["secret.key"], "no database, and no draft left behind"
    assert first.database["NAME"] == str(home / "seatkeeper.sqlite3")
    assert first.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert first.operation.log_level == "WARNING"
    assert first.secret_key.reveal() not in repr(first)


def test_two_first_starts_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({each.secret_key for each in pool.map(lambda _: read_in(tmp_path), range(8))}) == 1


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    read_in(tmp_path)
    assert read_in(tmp_path, LOG="", DATABASE_URL=" ", SECRET_KEY="", ALLOWED_HOSTS="") == read_in(tmp_path)


def test_a_key_may_be_given_or_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o600)
    assert read_in(tmp_path / "a", SECRET_KEY=KEY).secret_key.reveal() == KEY
    assert read_in(tmp_path / "b", SECRET_KEY_FILE=str(file)).secret_key.reveal() == KEY
    assert not (tmp_path / "b" / "secret.key").exists()


def test_the_address_of_the_database_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    for end in ("", "\n", "\r\n"):
        file.write_text(f"postgresql://ada:p4ssw0rd@db/seats{end}")
        database = read_in(tmp_path, DATABASE_URL_FILE=str(file)).database
        assert (database["HOST"], database["PASSWORD"], database["NAME"]) == ("db", "p4ssw0rd", "seats")


@pytest.mark.parametrize(
    ("setting", "held", "message"),
    [
        ("DATABASE_URL_FILE", "mysql://ada:p4ssw0rd@db/x\n", "SEATKEEPER_DATABASE_URL_FILE does not name a database"),
        ("SECRET_KEY_FILE", "p4ssw0rd", "SEATKEEPER_SECRET_KEY_FILE is too short"),
        *[(name, " \n", f"SEATKEEPER_{name}: .*secret is empty") for name in ("DATABASE_URL_FILE", "SECRET_KEY_FILE")],
        *[(name, None, f"SEATKEEPER_{name}: .*secret cannot be read: No such file")
          for name in ("DATABASE_URL_FILE", "SECRET_KEY_FILE")],
    ],
)  # fmt: skip
def test_a_secret_file_that_does_not_serve_is_refused_without_what_it_holds(
    tmp_path: Path, setting: str, held: str | None, message: str
) -> None:
    if held is not None:
        (tmp_path / "secret").write_text(held)
    with pytest.raises(BadSetting, match=message) as refused:
        read_in(tmp_path, **{setting: str(tmp_path / "secret")})
    assert "p4ssw0rd" not in str(refused.value)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"LOG": "loud"}, "SEATKEEPER_LOG: 'loud'"),
        ({"ALLOWED_HOSTS": "https://saas.example.com"}, "SEATKEEPER_ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "saas.example.com:8000"}, "SEATKEEPER_ALLOWED_HOSTS"),
        ({"NOTICE_HOSTS": "*"}, "SEATKEEPER_NOTICE_HOSTS"),
        ({"NOTICE_HOSTS": ".example.com"}, "SEATKEEPER_NOTICE_HOSTS"),
        ({"NOTICE_HOSTS": "https://mail.example.com"}, "SEATKEEPER_NOTICE_HOSTS"),
        ({"SECRET_KEY": "hunter2"}, "SEATKEEPER_SECRET_KEY is too short"),
        ({"SECRET_KEY": KEY, "SECRET_KEY_FILE": "/x"}, "SEATKEEPER_SECRET_KEY and SEATKEEPER_SECRET_KEY_FILE"),
        ({"DATABASE_URL": "x", "DATABASE_URL_FILE": "/x"}, "SEATKEEPER_DATABASE_URL and SEATKEEPER_DATABASE_URL_FILE"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SEATKEEPER_SECRET_KEY_FILE: /nowhere/key"),
        ({"HOME": "relative/path"}, "SEATKEEPER_HOME is not an absolute path"),
        ({"HOME": "/proc/none"}, "SEATKEEPER_HOME: the folder /proc/none cannot be made"),
        ({"DATABASE_URL": "mysql://ada:p4ssw0rd@h/db"}, "SEATKEEPER_DATABASE_URL"),
    ],
)
def test_a_wrong_value_names_its_setting(tmp_path: Path, given: dict[str, str], named: str) -> None:
    environment = {f"SEATKEEPER_{name}": value for name, value in ({"HOME": str(tmp_path)} | given).items()}
    with pytest.raises(BadSetting) as refused:
        read(environment)
    assert named in str(refused.value)
    for secret in ("hunter2", KEY, "p4ssw0rd"):
        assert secret not in str(refused.value)


def test_a_home_that_is_a_file_or_cannot_be_written_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(BadSetting, match=r"SEATKEEPER_HOME.*cannot be made.*set SEATKEEPER_HOME to a folder"):
        read_in(file)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere, so the mount is acted
    with pytest.raises(BadSetting, match=r"SEATKEEPER_HOME.*cannot be written to.*another folder"):
        read_in(tmp_path)


def test_a_full_disk_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadSetting, match=r"SEATKEEPER_HOME: the secret key cannot be saved.*No space left"):
        read_in(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_binary_key_file_is_refused_without_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"\xff\xfe" * 40)
    with pytest.raises(BadSetting, match=r"SEATKEEPER_SECRET_KEY_FILE.*not plain text"):
        read_in(tmp_path)


def test_importing_the_settings_makes_no_database(sqlite_home: Path) -> None:
    code = "from seatkeeper.settings import SEATKEEPER; import sys; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert sorted(path.name for path in sqlite_home.iterdir()) == ["secret.key"]


MANAGED = "3f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"SEATKEEPER_FEDERATED_TOKEN_FILE": "/run/token"}, Identity(Path("/run/token"), for_members=True)),
        ({"AZURE_FEDERATED_TOKEN_FILE": "/var/token"}, Identity(Path("/var/token"), for_members=False)),
        (
            {"AZURE_FEDERATED_TOKEN_FILE": "/var/token", "SEATKEEPER_FEDERATED_TOKEN_FILE": "/run/token"},
            Identity(Path("/run/token"), for_members=True),
        ),
        ({"AZURE_FEDERATED_TOKEN_FILE": "not-ours"}, None),
        ({"SEATKEEPER_MANAGED_IDENTITY": "System"}, Identity(None, for_members=True, managed="system")),
        (
            {"AZURE_FEDERATED_TOKEN_FILE": "/var/token", "SEATKEEPER_MANAGED_IDENTITY": MANAGED.upper()},
            Identity(None, for_members=True, managed=MANAGED),
        ),
    ],
)
def test_whose_identity_this_server_has(tmp_path: Path, given: dict[str, str], expected: Identity | None) -> None:
    assert read({"SEATKEEPER_HOME": str(tmp_path), **given}).identity == expected


def test_a_managed_identity_is_the_machines_or_named_by_its_client_id_and_no_second_one(tmp_path: Path) -> None:
    given = {"SEATKEEPER_HOME": str(tmp_path), "SEATKEEPER_MANAGED_IDENTITY": "yes"}
    with pytest.raises(BadSetting, match="SEATKEEPER_MANAGED_IDENTITY: 'yes' is neither 'system' nor"):
        read(given)
    with pytest.raises(BadSetting, match=r"are both set\. Keep one of them"):
        read(given | {"SEATKEEPER_MANAGED_IDENTITY": "system", "SEATKEEPER_FEDERATED_TOKEN_FILE": "/run/token"})


def test_a_token_file_is_named_from_the_root(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="SEATKEEPER_FEDERATED_TOKEN_FILE is not an absolute path"):
        read({"SEATKEEPER_HOME": str(tmp_path), "SEATKEEPER_FEDERATED_TOKEN_FILE": "token"})
