//! PostgreSQL and MariaDB on this machine: each runs on a port of its own while tests of this program use it, and ends with the last.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(90);
/// The password of the user that tests read with.
pub const PASSWORD: &str = "grey-heron-7431-over-water";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Postgres,
    MariaDb,
}

/// A server.
pub struct Server {
    pub kind: Kind,
    pub port: u16,
    child: Mutex<Child>,
    folder: TempDir,
}

static POSTGRES: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static MARIADB: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// The server of a kind, started if no test has it; `None` if it is not installed here. In CI it must be.
pub fn server(kind: Kind) -> Option<Arc<Server>> {
    let running = match kind {
        Kind::Postgres => &POSTGRES,
        Kind::MariaDb => &MARIADB,
    };
    let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.upgrade() {
        return Some(server);
    }
    let server = Arc::new(started(kind, None)?);
    *running = Arc::downgrade(&server);
    Some(server)
}

/// A server of its own that offers encryption with a certificate and its key.
pub fn encrypted(kind: Kind, certificate: &Path, key: &Path) -> Option<Server> {
    started(kind, Some((certificate, key)))
}

fn started(kind: Kind, certificate: Option<(&Path, &Path)>) -> Option<Server> {
    let server = match kind {
        Kind::Postgres => postgres(certificate),
        Kind::MariaDb => mariadb(certificate),
    };
    if server.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{kind:?} is not installed: make setup");
        println!("skipped: {kind:?} is not installed (make setup)");
    }
    server
}

/// Puts a certificate and its key where the server may read them, and nobody else.
fn given(folder: &Path, user: &str, certificate: (&Path, &Path)) -> (String, String) {
    let put = |from: &Path, name: &str| {
        let to = folder.join(name);
        std::fs::copy(from, &to).unwrap();
        done(Command::new("chmod").arg("600").arg(&to));
        if is_root() {
            done(Command::new("chown").arg(user).arg(&to));
        }
        to.display().to_string()
    };
    (put(certificate.0, "db.pem"), put(certificate.1, "db.key"))
}

/// A command as a user that may run the server, which refuses to run as root; it ends when the tests do.
fn as_user(program: &Path, user: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
    }
    command.arg(program);
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// A folder that the server's user may write.
fn folder(user: &str) -> TempDir {
    let folder = tempfile::Builder::new().prefix("medweave-db").tempdir().unwrap();
    if is_root() {
        done(Command::new("chown").arg(user).arg(folder.path()));
    }
    folder
}

fn done(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
}

fn found(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/bin"].map(PathBuf::from);
    let all = folders.iter().cloned().chain(std::env::split_paths(&path)).chain(system);
    all.map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn start(kind: Kind, command: &mut Command, port: u16, folder: TempDir) -> Server {
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let server = Server { kind, port, child: Mutex::new(child), folder };
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() || !server.answers() {
        let ended = server.child.lock().unwrap().try_wait().unwrap();
        let log = || std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
        assert!(ended.is_none(), "{kind:?} ended: {}", log());
        assert!(begun.elapsed() < PATIENCE, "{kind:?} does not answer: {}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
    server
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn postgres(certificate: Option<(&Path, &Path)>) -> Option<Server> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let (initdb, postgres) = (found("initdb", &versions)?, found("postgres", &versions)?);
    let initdb = std::fs::canonicalize(initdb).unwrap();
    let folder = folder("postgres");
    let data = folder.path().join("data");
    done(as_user(&initdb, "postgres").arg("-D").arg(&data).args([
        "-U",
        "postgres",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale",
        "C.UTF-8",
    ]));
    let rules = "local all all trust\nhost all reader 127.0.0.1/32 scram-sha-256\n";
    std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
    let port = free_port();
    let mut command = as_user(&postgres, "postgres");
    command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
    command.arg("-c").arg(format!("unix_socket_directories={}", folder.path().display()));
    if let Some(certificate) = certificate {
        let (certificate, key) = given(folder.path(), "postgres", certificate);
        command.args(["-c", "ssl=on", "-c"]).arg(format!("ssl_cert_file={certificate}"));
        command.arg("-c").arg(format!("ssl_key_file={key}"));
    }
    let server = start(Kind::Postgres, &mut command, port, folder);
    server
        .sql("postgres", &format!("CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'; GRANT pg_read_all_data TO reader;"));
    Some(server)
}

fn mariadb(certificate: Option<(&Path, &Path)>) -> Option<Server> {
    let (install, mariadbd) = (found("mariadb-install-db", &[])?, found("mariadbd", &[])?);
    let folder = folder("mysql");
    let data = folder.path().join("data");
    let user = if is_root() { "--user=mysql" } else { "--skip-name-resolve" };
    done(
        Command::new(install)
            // Servers that share one mix up their temporary tables.
            .env("TMPDIR", folder.path())
            .args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal", user])
            .arg(format!("--datadir={}", data.display())),
    );
    let port = free_port();
    let mut command = as_user(&mariadbd, "mysql");
    let path = |name: &str| folder.path().join(name).display().to_string();
    command.args([
        "--no-defaults",
        "--bind-address=127.0.0.1",
        "--max-allowed-packet=256M",
        "--innodb-buffer-pool-size=32M",
    ]);
    command.args([
        "--innodb-flush-log-at-trx-commit=0",
        "--character-set-server=utf8mb4",
        "--innodb-log-file-size=512M",
    ]);
    command
        .arg(format!("--datadir={}", path("data")))
        .arg(format!("--socket={}", path("s")))
        .arg(format!("--tmpdir={}", folder.path().display()))
        .arg(format!("--port={port}"));
    command.arg(format!("--pid-file={}", path("data/pid")));
    if let Some(certificate) = certificate {
        let (certificate, key) = given(folder.path(), "mysql", certificate);
        command.arg(format!("--ssl-cert={certificate}")).arg(format!("--ssl-key={key}"));
    }
    let server = start(Kind::MariaDb, &mut command, port, folder);
    server.sql("", &format!("CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON *.* TO reader@'%';"));
    Some(server)
}

/// A session that lasts.
pub struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // At once: nothing in it is kept.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Server {
    /// The server's own program to run statements with, as its superuser.
    fn client(&self, database: &str) -> Command {
        let folder = self.folder.path();
        match self.kind {
            Kind::Postgres => {
                let mut command = Command::new("psql");
                command.arg("-h").arg(folder).args(["-p", &self.port.to_string(), "-U", "postgres", "-X", "-q"]);
                command.args(["-v", "ON_ERROR_STOP=1", "-d", if database.is_empty() { "postgres" } else { database }]);
                command
            }
            Kind::MariaDb => {
                let mut command = Command::new("mariadb");
                command.args([
                    "--no-defaults",
                    "-u",
                    "root",
                    "--max-allowed-packet=256M",
                    "--default-character-set=utf8mb4",
                ]);
                command.arg("-S").arg(folder.join("s"));
                command.args((!database.is_empty()).then_some(database));
                command
            }
        }
    }

    fn answers(&self) -> bool {
        let mut client = self.client("");
        let asked = client.args(if self.kind == Kind::Postgres { ["-c", "SELECT 1"] } else { ["-e", "SELECT 1"] });
        asked.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// Runs statements as the server's superuser.
    pub fn sql(&self, database: &str, statements: &str) {
        let mut command = self.client(database);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(statements.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs statements in a session that lasts until it is dropped.
    pub fn hold(&self, database: &str, statements: &str) -> Held {
        let mut child =
            self.client(database).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(statements.as_bytes()).unwrap();
        Held(child)
    }

    /// What a query of one value gives.
    pub fn asked(&self, database: &str, query: &str) -> String {
        let mut command = self.client(database);
        command.args(if self.kind == Kind::Postgres { ["-A", "-t"] } else { ["-N", "-B"] });
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{query};\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What the server's own program dumps of a database.
    pub fn dump(&self, database: &str, options: &[&str]) -> Vec<u8> {
        let folder = self.folder.path();
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = Command::new("pg_dump");
                command.arg("-h").arg(folder).args(["-p", &self.port.to_string(), "-U", "postgres"]);
                command
            }
            Kind::MariaDb => {
                let mut command = Command::new("mariadb-dump");
                command.args(["--no-defaults", "-u", "root", "--max-allowed-packet=256M"]);
                command.arg("-S").arg(folder.join("s"));
                command
            }
        };
        let output = command.args(options).arg(database).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A new database; its name. `more` says how it is made.
    pub fn database(&self, more: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("his{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.sql("", &format!("CREATE DATABASE {name} {more};"));
        name
    }

    /// The address of a database for the reading user.
    pub fn url(&self, database: &str) -> String {
        self.url_at(self.port, database)
    }

    /// The same by way of another port.
    pub fn url_at(&self, port: u16, database: &str) -> String {
        let scheme = if self.kind == Kind::Postgres { "postgres" } else { "mysql" };
        format!("{scheme}://reader@127.0.0.1:{port}/{database}")
    }
}

/// Something between a client and a server that lets bytes through, and cuts the connection after so many from the server.
pub fn cut_after(port: u16, bytes: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut up, &mut down));
            let (mut from, mut to) =
                (std::io::Read::take(server.try_clone().unwrap(), bytes as u64), client.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = client.shutdown(std::net::Shutdown::Both);
                let _ = server.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    at
}
