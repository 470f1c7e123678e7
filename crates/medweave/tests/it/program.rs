//! Running the program, and asking it over HTTP.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long the program may take to be ready, to answer or to stop: only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_mins(3);

/// A data directory of a test.
pub struct Data {
    folder: tempfile::TempDir,
}

impl Data {
    pub fn new() -> Data {
        Data { folder: tempfile::tempdir().expect("a folder for the test") }
    }

    /// A path beside the data directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command with these arguments, on this directory, untouched by the settings of whoever runs the tests.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medweave"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MEDWEAVE_")) {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path()).arg("--data").arg(self.path("data")).args(arguments);
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// Runs a command that must succeed; what it printed.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("output is UTF-8")
    }

    /// Runs a command that must succeed and prints JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(arguments)).expect("output is JSON")
    }

    /// Runs a command with standard input.
    pub fn with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        child.stdin.take().expect("standard input").write_all(input.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    }

    /// Starts the program; ready when this returns.
    pub fn serve(&self, more: &[&str]) -> Served {
        self.serve_under(&[], more)
    }

    /// Starts the program under another one that watches it; its words come first.
    pub fn serve_under(&self, watcher: &[&str], more: &[&str]) -> Served {
        let ready = self.path("ready.json");
        let mut arguments = vec!["serve", "--ready-file", ready.to_str().expect("a path of text")];
        if !more.contains(&"--http") {
            arguments.extend(["--http", "127.0.0.1:0"]);
        }
        arguments.extend(more);
        let log = std::fs::File::create(self.path("serve.log")).expect("a log");
        let _ = std::fs::remove_file(&ready);
        let mut command = self.command(&arguments);
        if let [program, rest @ ..] = watcher {
            let mut watched = Command::new(program);
            watched.args(rest).arg(command.get_program()).args(command.get_args()).current_dir(self.folder.path());
            command.get_envs().filter(|(_, value)| value.is_none()).for_each(|(name, _)| {
                watched.env_remove(name);
            });
            command = watched;
        }
        let child = command.stderr(log).spawn().expect("the program runs");
        let mut served = Served { child, url: String::new(), mllp: None, pid: 0 };
        let begun = Instant::now();
        while !ready.exists() {
            let ended = served.child.try_wait().expect("its state");
            let log = || std::fs::read_to_string(self.path("serve.log")).unwrap_or_default();
            assert!(ended.is_none(), "the program ended: {}", log());
            assert!(begun.elapsed() < PATIENCE, "the program is not ready: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
        let told: Value =
            serde_json::from_str(&std::fs::read_to_string(&ready).expect("the ready file")).expect("JSON");
        served.url = format!("http://{}", told["http"].as_str().expect("an address"));
        served.mllp = told["mllp"].as_str().map(str::to_owned);
        served.pid = told["pid"].as_u64().expect("a process number");
        served
    }

    /// A new token.
    pub fn token(&self, scope: &str) -> String {
        self.done(&["token", "create", "--scope", scope, "--name", scope, "--plain"]).trim().to_owned()
    }
}

/// The program while it serves; killed when dropped.
pub struct Served {
    child: Child,
    pub url: String,
    pub mllp: Option<String>,
    /// The program itself, which is not the child where a watcher is.
    pid: u64,
}

impl Served {
    /// The process.
    pub fn pid(&self) -> u64 {
        self.pid
    }

    /// Ends it as an operator does, and waits.
    pub fn stop(self) -> std::process::ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.pid.to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()));
        self.wait()
    }

    /// Waits until it has ended.
    pub fn wait(mut self) -> std::process::ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the program does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A client that shows this token.
    pub fn client(&self, token: &str) -> Client {
        Client::at(&self.url).showing(token)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.pid != u64::from(self.child.id()) && self.pid > 0 {
            let _ = Command::new("kill").args(["-KILL", &self.pid.to_string()]).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An HTTP client.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    token: String,
    /// A session's cookie, for clients that are people.
    pub cookie: String,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Code and text of the first issue of an `OperationOutcome`.
    pub fn issue(&self) -> (String, String) {
        let issue = self.json()["issue"][0].clone();
        let text = |name: &str| issue[name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("diagnostics"))
    }
}

impl Client {
    /// A client that shows nothing yet.
    pub fn at(url: &str) -> Client {
        let agent =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
        Client { agent, url: url.to_owned(), token: String::new(), cookie: String::new() }
    }

    /// As it, showing this token.
    pub fn showing(self, token: &str) -> Client {
        Client { token: token.to_owned(), ..self }
    }

    /// Sends a request; `path` may be an absolute URL.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.to_vec()).expect("a request");
        let mut answered = self.agent.run(request.clone());
        // A connection that was kept may have been closed meanwhile, as when a body was refused unread: what only reads is asked again.
        if matches!(answered, Err(ureq::Error::Io(_))) && method == "GET" {
            answered = self.agent.run(request);
        }
        let mut response = answered.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        let bytes = response.body_mut().with_config().limit(1 << 30).read_to_vec().expect("a body");
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), bytes }
    }

    /// Sends FHIR to a program that may end meanwhile: the status, or nothing if no answer came.
    pub fn attempt(&self, method: &str, path: &str, body: &Value) -> Option<u16> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/fhir+json")
            .body(body.to_string().into_bytes())
            .expect("a request");
        self.agent.run(request).ok().map(|response| response.status().as_u16())
    }

    /// Asks a program that may end meanwhile: the JSON of a good answer, or nothing if no answer came.
    pub fn try_send(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() })
            .expect("a request");
        let mut response = self.agent.run(request).ok()?;
        let status = response.status().as_u16();
        let bytes = response.body_mut().with_config().limit(1 << 30).read_to_vec().ok()?;
        assert_eq!(status, 200, "{method} {path}: {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).ok()
    }

    /// As [`Client::try_send`], for what is only read.
    pub fn try_json(&self, path: &str) -> Option<Value> {
        self.try_send("GET", path, &Value::Null)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Sends FHIR.
    pub fn fhir(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, &[("content-type", "application/fhir+json")], body.to_string().as_bytes())
    }
}

/// A file with this content.
pub fn write(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    std::fs::write(path, content).expect("it can be written");
}
