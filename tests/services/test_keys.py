"""Keys: a lost one stops the start, a new one takes its place while all go on, an old one opens what it sealed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing as django_signing
from django.db import connections
from django.test import override_settings

from seatkeeper import failpoints
from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, BadSetting
from seatkeeper.model import Secret
from seatkeeper.notices.targets import open_target, seal_target
from seatkeeper.services import applications, keys, process, second_factors
from seatkeeper.services.members import operator
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.keys import Keys, read_keys, write_keys
from seatkeeper.store import keyring, leases, seal, sealed, signing
from seatkeeper.store.models import AuditEvent, Connection, NoticeTarget, ProcessKeys
from seatkeeper.sync.connecting import open_credential
from tests.web.world import APPLICATION

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.both_engines]
SEED = "a seed of one-time codes"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A key file of the test's own, with the key of this process in it."""
    path = tmp_path / "secret.key"
    write_keys(path, Keys(settings.SECRET_KEY))
    mine = SEATKEEPER._replace(key_file=path, key_is_new=False)
    for module in (keys, keyring):
        monkeypatch.setattr(module, "SEATKEEPER", mine)
    monkeypatch.setattr(keys, "POLL", 0.01)
    with override_settings(SECRET_KEY=settings.SECRET_KEY, SECRET_KEY_FALLBACKS=[]):
        keyring.follow()
        yield path
    monkeypatch.undo()
    keyring.follow()


def fill(count: int = 1) -> None:
    """Credentials, a notice target with a secret, and a second factor of a member."""
    for number in range(count):
        changes = {"name": f"Project {number}", "tenant_id": f"{number:08}-3a3e-4b7c-9d2e-0c6f0a6b1d11"}
        applications.add_application(operator(), applications.NewApplication(**(APPLICATION | changes)))
    target = NoticeTarget.objects.create(organization_id=operator().organization_id, name="Hook", kind="webhook")
    seal_target(target, "https://example.com/hook", Secret("sign with this"))
    member = User.objects.create_user("ada@example.com")
    Authenticator.objects.create(user=member, type="totp", data={"secret": second_factors.seal(SEED)})


def assert_all_opens() -> None:
    for row in Connection.objects.all():
        assert open_credential(row).reveal() == APPLICATION["secret"]
    target = open_target(NoticeTarget.objects.get())
    assert (target.address, target.secret) == (Secret("https://example.com/hook"), Secret("sign with this"))
    assert second_factors.open_sealed(Authenticator.objects.get().data["secret"]) == SEED


def states() -> list[tuple[str, int]]:
    return [(key.state, key.secrets) for key in keys.list_keys()]


def rotate() -> int:
    return keys.rotate(lambda _: None, patience=0.2)


def test_a_rotation_seals_everything_anew_and_the_old_key_opens_and_is_believed(file: Path) -> None:
    fill(count=3)
    before, session = settings.SECRET_KEY, django_signing.dumps({"a": 1})
    text, signature, public = b"a manifest", signing.sign(b"a manifest", 1), signing.public_key(1)
    old_blob = seal.seal("from an older backup", 1, 1)
    assert rotate() == 5, "three credentials, a target, a second factor"
    assert before != settings.SECRET_KEY == read_keys("", file).current
    assert states() == [("in use", 6), ("old", 0)]
    assert_all_opens()
    assert django_signing.loads(session) == {"a": 1}
    assert signing.is_signed(text, signature, public)
    assert signing.public_key(1) != public
    assert seal.open_sealed(old_blob, 1, 1).reveal() == "from an older backup"
    assert AuditEvent.objects.filter(action="key.rotated").count() == 1
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_old_key_is_forgotten_when_nothing_needs_it_and_not_before(file: Path) -> None:
    fill()
    rotate()
    (old,) = [key.id for key in keys.list_keys() if key.state == "old"]
    blob, (row,) = seal.seal("x", 0, 0), Connection.objects.all()
    with override_settings(SECRET_KEY=settings.SECRET_KEY_FALLBACKS[0], SECRET_KEY_FALLBACKS=[]):
        row.credential = seal.seal(APPLICATION["secret"], row.organization_id, row.pk)  # by a process that was late
    row.save()
    with pytest.raises(BadInput, match="1 secrets are still sealed with it"):
        keys.forget(old)
    assert rotate() == 1, "it is brought to its end, and no other key is made"
    with pytest.raises(BadInput, match=f"'nonsense' is no old key. Old keys are: {old}"):
        keys.forget("nonsense")
    keys.forget(old)
    assert states() == [("in use", 4)]
    assert_all_opens()
    assert seal.open_sealed(blob, 0, 0).reveal() == "x"
    assert read_keys("", file).old == ()


@pytest.mark.parametrize("place", ["FP:key-added", "FP:key-in-use"])
def test_a_rotation_that_was_killed_goes_on_with_the_same_key(place: str, file: Path) -> None:
    fill()
    failpoints.arm(f"{place}=error")
    with pytest.raises(failpoints.Reached):
        rotate()
    assert_all_opens()
    begun = read_keys("", file)
    rotate()
    ended = read_keys("", file)
    assert ended.current == (begun.next or begun.current)
    assert states() == [("in use", 4), ("old", 0)]
    assert_all_opens()


def test_no_key_is_used_while_a_process_that_runs_does_not_know_it(file: Path) -> None:
    fill()
    mine = keyring.list_keys()[0].id.hex()
    elsewhere = ProcessKeys.objects.create(process="other-machine:1:1", keys=mine, seen=system_clock())
    before = read_keys("", file).current
    with pytest.raises(BadSetting, match=r"other-machine:1:1\. Copy the key file to their machines"):
        rotate()
    found = read_keys("", file)
    assert (found.current, bool(found.next)) == (before, True)
    assert states()[:2] == [("in use", 4), ("next", 0)]
    elsewhere.keys = f"{mine} {keyring.derive(found.next).id.hex()}"
    elsewhere.save()
    with pytest.raises(BadSetting, match="do not know the new key"):
        rotate()  # it is in use by now; the other machine opens it, and still seals with its own
    assert read_keys("", file).current == found.next
    elsewhere.keys = " ".join(reversed(elsewhere.keys.split()))
    elsewhere.save()
    assert rotate() == 3
    assert states() == [("in use", 4), ("old", 0)]


def test_a_process_that_is_gone_or_silent_holds_up_no_rotation() -> None:
    fill()
    machine = leases.this_process().rsplit(":", 2)[0]
    ProcessKeys.objects.create(process=f"{machine}:999999999:1", keys="", seen=system_clock())
    ProcessKeys.objects.create(process="elsewhere:1:1", keys="", seen=system_clock() - keys.LIVE)
    rotate()
    assert states() == [("in use", 4), ("old", 0)]


def test_a_key_from_the_environment_or_a_file_that_cannot_be_written_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "SEATKEEPER", SEATKEEPER._replace(key_file=None))
    with pytest.raises(BadSetting, match=r"SEATKEEPER_SECRET_KEY holds the key.*set SEATKEEPER_SECRET_KEY_FILE"):
        rotate()
    monkeypatch.setattr(keys, "SEATKEEPER", SEATKEEPER._replace(key_file=file))
    monkeypatch.setattr(keys, "write_keys", _refuse)
    with pytest.raises(BadSetting, match=r"cannot be written.*add a line `next: `"):
        rotate()


def _refuse(*_: object) -> None:
    raise PermissionError(30, "Read-only file system")


def test_a_start_with_another_key_is_refused_with_the_way_out_and_a_key_just_made_is_taken_away(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.check()  # a fresh database needs no key yet
    fill(count=2)
    keys.check()
    with override_settings(SECRET_KEY="another" * 10):
        monkeypatch.setattr(keys, "SEATKEEPER", SEATKEEPER._replace(key_file=file, key_is_new=True))
        with pytest.raises(BadSetting) as refused:
            keys.check()
    said = str(refused.value)
    for part in ("SEATKEEPER_SECRET_KEY_FILE", "2 credentials, 1 notice targets, 1 second factors", str(file),
                 "secret.key", "keys forget-credentials --yes"):  # fmt: skip
        assert part in said
    assert not file.exists(), "nobody takes it for the right one"


def test_credentials_of_a_lost_key_are_given_up_only_when_asked_for_and_the_rest_stays() -> None:
    fill(count=2)
    with override_settings(SECRET_KEY="another" * 10):
        assert keys.forget_credentials(sure=False) == {"credentials": 2, "notice targets": 1, "second factors": 1}
        late = Connection.objects.order_by("pk")[0]
        late.credential = seal.seal("new", late.organization_id, late.pk)
        late.save()
        assert keys.forget_credentials(sure=True) == {"credentials": 1, "notice targets": 1, "second factors": 1}
        keys.check()
        assert keys.forget_credentials(sure=True) == {}
        first, second = Connection.objects.order_by("pk")
        assert open_credential(first).reveal() == "new"
        assert bytes(second.credential) == b""
    target = NoticeTarget.objects.get()
    assert (target.active, bytes(target.address)) == (False, b"")
    assert "give it again" in target.trouble
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.filter(action="credentials.forgotten").count() == 1


def test_what_is_damaged_holds_up_no_rotation() -> None:
    fill(count=2)
    row = Connection.objects.order_by("pk")[0]
    blob = bytes(row.credential)
    row.credential = blob[:-1] + bytes([blob[-1] ^ 1])
    row.save()
    assert keys.rotate(lambda _: None, patience=0.2) == 3
    assert states() == [("in use", 4), ("old", 1)]


def test_nothing_goes_wrong_for_those_who_open_and_seal_while_keys_are_exchanged() -> None:
    fill(count=4)
    ending, troubles, done = threading.Event(), list[str](), [0, 0]

    def work(which: int) -> None:
        while not ending.is_set():
            try:
                for row in Connection.objects.all():
                    assert open_credential(row).reveal() == APPLICATION["secret"]
                    if which:
                        blob = seal.seal(APPLICATION["secret"], row.organization_id, row.pk)
                        Connection.objects.filter(pk=row.pk).update(credential=blob)
                done[which] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                troubles.append(repr(error))
        connections.close_all()

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        keys.rotate(lambda _: None, patience=5)
    ending.set()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert min(done) > 0
    while sealed.seal_anew():
        pass
    assert_all_opens()
    assert {count for _state, count in states()[1:]} == {0}


WORKER = """
import sys
from seatkeeper.cli.start import open_home; open_home()
from seatkeeper.services import process
from seatkeeper.store.models import Connection
from seatkeeper.sync.connecting import open_credential
process.EVERY = 0.05
with process.looked_after(lambda: None):
    print("ready", flush=True)
    for line in sys.stdin:
        print([open_credential(row).reveal() for row in Connection.objects.all()], flush=True)
"""


def test_a_running_process_takes_up_the_new_key_and_the_rotation_waits_for_it(file: Path) -> None:
    fill()
    env = os.environ | {"SEATKEEPER_SECRET_KEY_FILE": str(file)}
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        keys.rotate(lambda _: None, patience=30)
        (row,) = ProcessKeys.objects.all()
        assert row.keys.split()[0] == keyring.list_keys()[0].id.hex(), "it seals with the new key, too"
        worker.stdin.write("\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == f"{[APPLICATION['secret']]}\n"
        worker.stdin.close()
        assert worker.wait(30) == 0
    assert not ProcessKeys.objects.exists(), "whoever ends politely is waited for no more"


def test_a_key_file_that_goes_away_while_a_process_runs_changes_nothing(file: Path) -> None:
    fill()
    file.unlink()
    process.follow_keys()
    assert_all_opens()
