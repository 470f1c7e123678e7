//! SQL Server's protocol, as its specification has it ([MS-TDS]): no server is at hand, so its answers are made here, kept in a
//! file as bytes, and played back, in the clear and under TLS.

use crate::house::{House, everything};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, mpsc};
use tables::live::{Address, Secret, connect};
use tables::mapping::Settings;
use tables::pull::{IfDoubtful, PullReport};

const PASSWORD: &str = "tin-kettle-3305-at-dawn";
const HEADER_BYTES: usize = 8;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// 2.2.5.1.2: a text after its length in characters, a byte.
fn b_varchar(text: &str) -> Vec<u8> {
    [vec![text.encode_utf16().count() as u8], utf16(text)].concat()
}

/// Latin1_General_CI_AS.
const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];

/// 2.2.5.4, 2.2.5.5: a type, and a value of it.
#[derive(Clone)]
struct Cell {
    kind: Vec<u8>,
    value: Vec<u8>,
}

/// A type whose values begin with their length, a byte.
fn short(kind: &[u8], value: Option<&[u8]>) -> Cell {
    let value = value.unwrap_or_default();
    Cell { kind: kind.to_vec(), value: [&[value.len() as u8], value].concat() }
}

fn int(value: Option<i32>) -> Cell {
    short(&[0x26, 4], value.map(i32::to_le_bytes).as_ref().map(<[u8; 4]>::as_slice))
}

fn nvarchar(value: Option<&str>) -> Cell {
    let kind = [&[0xe7, 0xa0, 0x0f][..], &COLLATION].concat();
    let value = match value {
        None => vec![0xff, 0xff],
        Some(text) => [(utf16(text).len() as u16).to_le_bytes().to_vec(), utf16(text)].concat(),
    };
    Cell { kind, value }
}

/// A text of any length comes in parts (2.2.5.2.3).
fn nvarchar_max(value: Option<&str>) -> Cell {
    let kind = [&[0xe7, 0xff, 0xff][..], &COLLATION].concat();
    let Some(text) = value else { return Cell { kind, value: vec![0xff; 8] } };
    let bytes = utf16(text);
    let mut out = (bytes.len() as u64).to_le_bytes().to_vec();
    for part in bytes.chunks(6) {
        out.extend((part.len() as u32).to_le_bytes());
        out.extend(part);
    }
    out.extend([0; 4]);
    Cell { kind, value: out }
}

/// 2.2.7.4: columns.
fn columns(named: &[(&str, Cell)]) -> Vec<u8> {
    let mut out = vec![0x81];
    out.extend((named.len() as u16).to_le_bytes());
    for (name, cell) in named {
        out.extend([0, 0, 0, 0, 0x09, 0x00]);
        out.extend(&cell.kind);
        out.extend(b_varchar(name));
    }
    out
}

/// 2.2.7.19: a row.
fn row(cells: &[Cell]) -> Vec<u8> {
    let mut out = vec![0xd1];
    for cell in cells {
        out.extend(&cell.value);
    }
    out
}

/// 2.2.7.6: the end, with a count of rows.
fn done(rows: u64) -> Vec<u8> {
    let mut out = vec![0xfd, 0x10, 0x00, 0xc1, 0x00];
    out.extend(rows.to_le_bytes());
    out
}

fn table(names: &[&str], rows: &[Vec<Cell>]) -> Vec<u8> {
    let named: Vec<(&str, Cell)> = names.iter().copied().zip(rows[0].iter().cloned()).collect();
    let mut out = columns(&named);
    for cells in rows {
        out.extend(row(cells));
    }
    out.extend(done(rows.len() as u64));
    out
}

/// 2.2.7.10: an error.
fn error(number: i32, text: &str) -> Vec<u8> {
    let mut body = number.to_le_bytes().to_vec();
    body.extend([1, 14]);
    body.extend((text.encode_utf16().count() as u16).to_le_bytes());
    body.extend(utf16(text));
    body.extend(b_varchar("db"));
    body.extend(b_varchar(""));
    body.extend(1_u32.to_le_bytes());
    let mut out = vec![0xaa];
    out.extend((body.len() as u16).to_le_bytes());
    out.extend(body);
    out.extend([0xfd, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out
}

/// Types with a value each, and how it is spelled.
fn zoo() -> Vec<(&'static str, Cell, &'static str)> {
    let days = |days: u32| days.to_le_bytes()[..3].to_vec();
    // 2024-05-01 is 739,006 days from 0001-01-01; 07:08:09.5 is 25,689.5 s.
    let (may, tenths) = (days(739_006), 256_895_000_000_u64 / 1_000_000);
    let time = |scale: u32, unit: usize| (tenths * 10_u64.pow(scale - 1)).to_le_bytes()[..unit].to_vec();
    let decimal = |digits: u32| [&[1][..], &digits.to_le_bytes()].concat();
    vec![
        ("id", int(Some(-7)), "-7"),
        ("big", short(&[0x26, 8], Some(&i64::MIN.to_le_bytes())), "-9223372036854775808"),
        ("tiny", short(&[0x26, 1], Some(&[255])), "255"),
        ("flag", short(&[0x68, 1], Some(&[1])), "true"),
        ("ratio", short(&[0x6d, 8], Some(&0.1_f64.to_le_bytes())), "0.1"),
        ("amount", short(&[0x6c, 5, 9, 2], Some(&decimal(500))), "5.00"),
        ("owed", short(&[0x6c, 5, 9, 4], Some(&[0, 0x39, 0x30, 0, 0])), "-1.2345"),
        ("name", nvarchar(Some("张\u{20000} \"x\"")), "张\u{20000} \"x\""),
        ("empty", nvarchar(Some("")), ""),
        ("none", nvarchar(None), "NULL"),
        ("note", nvarchar_max(Some("a long note")), "a long note"),
        ("no_note", nvarchar_max(None), "NULL"),
        ("day", short(&[0x28], Some(&may)), "2024-05-01"),
        ("clock", short(&[0x29, 3], Some(&time(3, 4))), "07:08:09.500"),
        ("moment", short(&[0x2a, 7], Some(&[time(7, 5), may.clone()].concat())), "2024-05-01 07:08:09.500"),
        (
            "zoned",
            short(&[0x2b, 0], Some(&[25_689_u32.to_le_bytes()[..3].to_vec(), may, vec![0xe0, 0x01]].concat())),
            "2024-05-01 07:08:09+00:00",
        ),
        // 45,411 days from 1900-01-01, and 1/300 s.
        (
            "old",
            short(&[0x6f, 8], Some(&[45_411_u32.to_le_bytes(), 7_706_700_u32.to_le_bytes()].concat())),
            "2024-05-01 07:08:09",
        ),
        (
            "guid",
            short(
                &[0x24, 16],
                Some(&[0x99, 0xbc, 0xee, 0xa0, 0x0b, 0x9c, 0xf8, 0x4e, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11]),
            ),
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        ),
        ("bytes", Cell { kind: vec![0xa5, 0x08, 0x00], value: vec![2, 0, 0x00, 0xff] }, "\\x00ff"),
    ]
}

/// The answers, each with the words by which its question is known.
fn answers() -> Vec<(&'static str, Vec<u8>)> {
    let zoo = zoo();
    let names: Vec<&str> = zoo.iter().map(|(name, _, _)| *name).chain(["too_large"]).collect();
    let cells: Vec<Cell> = zoo.iter().map(|(_, cell, _)| cell.clone()).chain([nvarchar(None)]).collect();
    let mut large = cells.clone();
    (large[0], large[10]) = (int(Some(8)), nvarchar_max(None));
    *large.last_mut().unwrap() = nvarchar(Some("note"));
    let of_sys: Vec<Vec<Cell>> = zoo
        .iter()
        .map(|(name, _, _)| {
            vec![
                nvarchar(Some(name)),
                int(Some(if name.ends_with("note") { 231 } else { 56 })),
                int(Some(if name.ends_with("note") { -1 } else { 4 })),
            ]
        })
        .collect();
    // 2.2.7.14: the answer to a login: interface, TDS 7.3, name and version of the program.
    let mut ack = vec![1, 0x73, 0x0b, 0x00, 0x03];
    ack.extend(b_varchar("Microsoft SQL Server"));
    ack.extend([16, 0, 0x10, 0]);
    let login = [vec![0xad], (ack.len() as u16).to_le_bytes().to_vec(), ack, done(0)].concat();
    // 2.2.7.9: a transaction has begun.
    let begun = [vec![0xe3, 11, 0, 8, 8, 1, 0, 0, 0, 2, 0, 0, 0, 0], done(0)].concat();
    vec![
        ("prelogin", vec![0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0x10, 0, 0, 0, 1]),
        ("prelogin without encryption", vec![0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0x10, 0, 0, 0, 2]),
        ("login", login),
        ("login refused", error(18456, "Login failed for user 'reader'.")),
        ("SET NOCOUNT", done(0)),
        (
            "snapshot_isolation_state",
            table(
                &["state", "version", "schema"],
                &[vec![int(Some(1)), nvarchar(Some("16.0.4000.1")), nvarchar(Some("dbo"))]],
            ),
        ),
        (
            "snapshot_isolation_state, not allowed",
            table(
                &["state", "version", "schema"],
                &[vec![int(Some(0)), nvarchar(Some("16.0.4000.1")), nvarchar(Some("dbo"))]],
            ),
        ),
        ("BEGIN TRANSACTION", begun),
        (
            "sys.objects",
            table(
                &["schema", "name"],
                &[
                    vec![nvarchar(Some("dbo")), nvarchar(Some("Zoo"))],
                    vec![nvarchar(Some("old")), nvarchar(Some("zoo"))],
                ],
            ),
        ),
        ("sys.columns", table(&["name", "type", "length"], &of_sys)),
        ("FROM [dbo].[Zoo]", table(&names, &[cells, large])),
        ("SELECT [nonsense]", error(207, "Invalid column name 'nonsense'.")),
    ]
}

/// The file in which the answers are kept.
fn kept() -> BTreeMap<String, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/sqlserver.tds");
    let mut text =
        "# Answers of a SQL Server made after [MS-TDS] by sqlserver.rs; MEDWEAVE_UPDATE=1 writes them anew.\n"
            .to_owned();
    for (name, bytes) in answers() {
        let _ = writeln!(text, "{name}");
        for line in bytes.chunks(48) {
            text += "  ";
            for byte in line {
                let _ = write!(text, "{byte:02x}");
            }
            text += "\n";
        }
    }
    if std::env::var_os("MEDWEAVE_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap();
    assert_eq!(file, text, "the answers are not those that are kept: MEDWEAVE_UPDATE=1 writes them");
    let mut kept = BTreeMap::new();
    let mut name = String::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            None => line.clone_into(&mut name),
            Some(hex) => {
                let bytes: &mut Vec<u8> = kept.entry(name.clone()).or_default();
                bytes.extend((0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()));
            }
        }
    }
    kept
}

/// A message with the kind of its packets.
fn receive(stream: &mut dyn Read) -> io::Result<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    loop {
        let mut header = [0; HEADER_BYTES];
        stream.read_exact(&mut header)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]])) - HEADER_BYTES;
        let at = all.len();
        all.resize(at + length, 0);
        stream.read_exact(&mut all[at..])?;
        if header[1] & 1 == 1 {
            return Ok((header[0], all));
        }
    }
}

fn send(stream: &mut dyn Write, kind: u8, message: &[u8]) -> io::Result<()> {
    // Small packets, so that messages are in several.
    let parts: Vec<&[u8]> = message.chunks(500).collect();
    for (no, part) in parts.iter().enumerate() {
        let [high, low] = ((part.len() + HEADER_BYTES) as u16).to_be_bytes();
        let status = u8::from(no + 1 == parts.len());
        stream.write_all(&[&[kind, status, high, low, 0, 0, no as u8, 0][..], part].concat())?;
    }
    stream.flush()
}

/// How a server behaves.
#[derive(Clone, Default)]
struct Manner {
    tls: Option<Arc<rustls::ServerConfig>>,
    refuses: bool,
    has_no_snapshots: bool,
    /// Rows do not come to their end; what is sent meanwhile is told, by the kind of its packets.
    hangs: Option<mpsc::Sender<u8>>,
}

/// A server that plays the answers back; its port.
fn play(manner: Manner) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = kept();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever is served goes when he likes.
            let _ = serve(stream, &manner, &answers);
        }
    });
    port
}

fn serve(mut stream: TcpStream, manner: &Manner, answers: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let (kind, first) = receive(&mut stream)?;
    assert_eq!(kind, 0x12);
    assert_eq!(first.chunks_exact(5).take(5).map(|option| option[0]).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let Some(config) = &manner.tls else {
        send(&mut stream, 0x04, &answers["prelogin without encryption"])?;
        return talk(&mut stream, manner, answers);
    };
    send(&mut stream, 0x04, &answers["prelogin"])?;
    let mut tls = rustls::ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        if tls.wants_write() {
            let mut flight = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut flight)?;
            }
            send(&mut stream, 0x12, &flight)?;
            continue;
        }
        let (kind, flight) = receive(&mut stream)?;
        assert_eq!(kind, 0x12);
        let mut rest = flight.as_slice();
        while !rest.is_empty() {
            tls.read_tls(&mut rest)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }
    let mut last = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut last)?;
    }
    if !last.is_empty() {
        send(&mut stream, 0x12, &last)?;
    }
    talk(&mut rustls::Stream::new(&mut tls, &mut stream), manner, answers)
}

fn talk<S: Read + Write>(stream: &mut S, manner: &Manner, answers: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let (kind, login) = receive(stream)?;
    assert_eq!(kind, 0x10);
    // 2.2.6.4: the password is there, each byte turned and mixed.
    let mixed: Vec<u8> = utf16(PASSWORD).iter().map(|byte| byte.rotate_left(4) ^ 0xa5).collect();
    let is_right = login.windows(mixed.len()).any(|window| window == mixed);
    if manner.refuses || !is_right {
        return send(stream, 0x04, &answers["login refused"]);
    }
    send(stream, 0x04, &answers["login"])?;
    loop {
        let (kind, batch) = receive(stream)?;
        assert_eq!(kind, 0x01);
        let skip = u32::from_le_bytes(batch[..4].try_into().unwrap()) as usize;
        let units: Vec<u16> =
            batch[skip..].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        let text = String::from_utf16(&units).unwrap();
        let wanted = match &*text {
            text if text.contains("snapshot_isolation_state") && manner.has_no_snapshots => {
                "snapshot_isolation_state, not allowed"
            }
            text => answers.keys().find(|known| text.contains(known.as_str())).map_or("", String::as_str),
        };
        let answer = answers.get(wanted).unwrap_or_else(|| panic!("no answer to {text}"));
        if wanted == "BEGIN TRANSACTION" {
            let level = if manner.has_no_snapshots { "READ COMMITTED" } else { "SNAPSHOT" };
            assert!(text.contains(&format!("ISOLATION LEVEL {level};")), "{text}");
        }
        if let Some(told) = manner.hangs.as_ref().filter(|_| wanted == "FROM [dbo].[Zoo]") {
            // A packet after which others come.
            let head = &answer[..400];
            let [high, low] = ((head.len() + HEADER_BYTES) as u16).to_be_bytes();
            stream.write_all(&[&[0x04, 0, high, low, 0, 0, 0, 0][..], head].concat())?;
            stream.flush()?;
            let (kind, _) = receive(stream)?;
            let _ = told.send(kind);
            continue;
        }
        send(stream, 0x04, answer)?;
    }
}

fn url(port: u16, more: &str) -> String {
    format!("sqlserver://reader@127.0.0.1:{port}/his{more}")
}

fn pull(house: &House, url: &str, table: &str) -> Result<(PullReport, Vec<String>), tables::Error> {
    let settings =
        Settings::of_files(&[("mapping.toml".to_owned(), format!("name = \"live\"\n[tables.zoo]\n{table}\n"))]);
    let session = connect(&Address::parse(url).unwrap(), Some(&Secret::new(PASSWORD)), &settings, Arc::new(|| 0))?;
    assert_eq!((session.server(), session.tables()), ("SQL Server 16.0.4000.1", 2));
    let found = session.find_tables(&settings)?;
    let report = house.sources.pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Ok(()))?;
    Ok((report, found.notes.iter().map(ToString::to_string).collect()))
}

fn check(url: &str) -> Vec<String> {
    let house = House::new();
    let (report, notes) = pull(&house, url, "").unwrap();
    assert_eq!((report.tables[0].file.as_str(), report.tables[0].rows, report.tables[0].bad), ("dbo.Zoo", 1, 1));
    let found = house.sources.row(&everything(), "his", "zoo", 0).unwrap();
    let found: BTreeMap<String, String> =
        found.cells.into_iter().map(|(column, cell)| (column, cell.unwrap_or("NULL".into()))).collect();
    for (name, _, text) in zoo() {
        assert_eq!(found[name], text, "{name}");
    }
    assert!(!found.contains_key("too_large"));
    let letters = house.records.dead_letters(&everything(), None, None, 10).unwrap();
    assert!(letters[0].what.contains("cell-too-large: column note"), "{}", letters[0].what);
    notes
}

#[test]
fn tables_of_a_sql_server_are_read_from_recorded_bytes() {
    assert_eq!(check(&url(play(Manner::default()), "")), [""; 0]);
    let notes = check(&url(play(Manner { has_no_snapshots: true, ..Manner::default() }), ""));
    assert!(notes[0].contains("READ COMMITTED"), "{notes:?}");
    let refused = pull(&House::new(), &url(play(Manner { refuses: true, ..Manner::default() }), ""), "").unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("refuses the user or the password") && !text.contains(PASSWORD), "{text}");
    let house = House::new();
    let port = play(Manner::default());
    let wrong = pull(&house, &url(port, ""), "query = \"SELECT [nonsense] FROM lab\"").unwrap_err().to_string();
    assert!(wrong.contains("Invalid column name 'nonsense'."), "{wrong}");
}

#[test]
fn a_sql_server_hears_that_a_pull_was_stopped() {
    let (told, heard) = mpsc::channel();
    let port = play(Manner { hangs: Some(told), ..Manner::default() });
    let settings = Settings::of_files(&[("mapping.toml".to_owned(), "name = \"live\"\n[tables.zoo]\n".to_owned())]);
    let address = Address::parse(&url(port, "")).unwrap();
    let session = connect(&address, Some(&Secret::new(PASSWORD)), &settings, Arc::new(|| 0)).unwrap();
    let found = session.find_tables(&settings).unwrap();
    let stopped = House::new()
        .sources
        .pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Err(tables::Error::Stopped));
    assert!(matches!(stopped, Err(tables::Error::Stopped)));
    // 2.2.1.7: attention.
    assert_eq!(heard.recv_timeout(std::time::Duration::from_mins(1)), Ok(0x06));
}

#[test]
fn a_sql_server_is_asked_under_tls_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("ca.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=db",
        ])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    use rustls::pki_types::pem::PemObject;
    let chain = vec![rustls::pki_types::CertificateDer::from_pem_file(&certificate).unwrap()];
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let port = play(Manner { tls: Some(Arc::new(config)), ..Manner::default() });
    assert_eq!(check(&url(port, &format!("?ca={}", certificate.display()))), [""; 0]);
    // A certificate of somebody else is not taken, and nothing is said in the clear to a server that cannot do otherwise.
    let stranger = pull(&House::new(), &url(port, "?tls=on"), "").unwrap_err().to_string();
    assert!(stranger.contains("cannot be connected to"), "{stranger}");
    let bare = play(Manner::default());
    let bare = pull(&House::new(), &url(bare, &format!("?ca={}", certificate.display())), "").unwrap_err().to_string();
    assert!(bare.contains("offers no encryption"), "{bare}");
}
