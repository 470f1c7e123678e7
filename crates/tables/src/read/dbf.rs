//! DBF files (dBASE III and IV, FoxPro): records of fixed length, text in memo files beside them.

use super::batch::{BadRow, Place, RowBatch};
use super::canonical::{push_decimal, push_f64, push_timestamp};
use super::charset::Charset;
use super::mistaken::Mistaken;
use super::raw::Raw;
use super::{CELL_BYTES, Content, Passed, ReadError, Table, header};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;

/// Bytes read at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// The first day of the calendar that FoxPro counts in, as days since 1970-01-01.
const JULIAN_EPOCH: i64 = -2_440_588;

/// A field of the records.
struct Field {
    kind: u8,
    from: usize,
    length: usize,
}

/// A file with the texts of memo fields.
pub(super) struct Memo {
    file: File,
    block_bytes: u64,
    is_foxpro: bool,
}

/// A DBF file that is read record by record.
pub(super) struct Dbf {
    name: String,
    columns: Vec<String>,
    fields: Vec<Field>,
    charset: Charset,
    /// Whether somebody, or the file, says that it is in this encoding.
    is_declared: bool,
    raw: Raw,
    record_bytes: usize,
    /// The byte that says its encoding.
    driver: u8,
    /// Records that are to come, as the header says.
    left: u64,
    block: Vec<u8>,
    at: usize,
    offset: u64,
    rows: u64,
    memo: Option<Memo>,
    passed: Passed,
    notes: Vec<String>,
    ended: bool,
    /// What it and its memo file hold together.
    content: Option<Content>,
    /// Whether its text is UTF-8 after all, where something else is said of it.
    mistaken: Option<Mistaken>,
}

/// True for the first bytes of a DBF file.
pub(super) fn is_dbf(head: &[u8]) -> bool {
    let known = [0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0x8c, 0x8e, 0xcb, 0xf5, 0xfb];
    head.len() >= 32
        && known.contains(&head[0])
        && head[2] <= 12
        && head[3] <= 31
        && u16_at(head, 8) >= 33
        && u16_at(head, 10) >= 2
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(bytes[at]) | usize::from(bytes[at + 1]) << 8
}

fn u32_at(bytes: &[u8], at: usize) -> u64 {
    u16_at(bytes, at) as u64 | (u16_at(bytes, at + 2) as u64) << 16
}

/// The encoding of a language driver, as dBASE and FoxPro number them.
fn of_driver(driver: u8) -> Option<&'static str> {
    Some(match driver {
        0x01 | 0x09 | 0x0b | 0x0d | 0x0f | 0x11 | 0x15 | 0x18 | 0x19 | 0x1b => "cp437",
        0x02 | 0x0a | 0x0c | 0x0e | 0x10 | 0x12 | 0x14 | 0x16 | 0x1a | 0x1d | 0x25 | 0x37 => "cp850",
        0x08 | 0x17 | 0x66 => "cp865",
        0x1c | 0x6c => "cp863",
        0x1f | 0x22 | 0x23 | 0x40 | 0x64 | 0x87 => "cp852",
        0x24 => "cp860",
        0x67 => "cp861",
        0x6a => "cp737",
        0x6b => "cp857",
        0x03 | 0x57..=0x59 => "windows-1252",
        0x13 | 0x7b => "shift_jis",
        0x26 | 0x65 => "ibm866",
        0x4d | 0x7a => "gb18030",
        0x4e | 0x79 => "euc-kr",
        0x4f | 0x78 => "big5",
        0x50 | 0x7c => "windows-874",
        0x7d => "windows-1255",
        0x7e => "windows-1256",
        0xc8 => "windows-1250",
        0xc9 => "windows-1251",
        0xca => "windows-1254",
        0xcb => "windows-1253",
        0xcc => "windows-1257",
        _ => return None,
    })
}

impl Dbf {
    /// Begins to read. `memo` is the file beside it, if there is one; `encoding` wins over what the file says, `of_all` only where it says nothing.
    pub(super) fn open(
        name: &str,
        file: &str,
        reader: Box<dyn Read + Send>,
        memo: Option<(File, Content)>,
        (encoding, of_all): (Option<Charset>, Option<Charset>),
        tee: Option<Box<dyn Write + Send>>,
    ) -> Result<Self, ReadError> {
        let mut raw = Raw::new(file, reader, tee);
        let mut head = Vec::new();
        let cut_off = || ReadError::at(file, "the file is cut off within its header");
        raw.read(&mut head, 32)?;
        if !is_dbf(&head) {
            return Err(ReadError::at(file, "not a DBF file that is read (dBASE III, IV or FoxPro)"));
        }
        let (version, records, header_bytes, record_bytes) =
            (head[0], u32_at(&head, 4), u16_at(&head, 8), u16_at(&head, 10));
        raw.read(&mut head, header_bytes - 32)?;
        if head.len() < header_bytes {
            return Err(cut_off());
        }
        let mut notes = Vec::new();
        let charset = match (encoding, of_driver(head[29])) {
            (Some(declared), _) => declared,
            (None, Some(driver)) => Charset::for_name(driver).unwrap_or(Charset::UTF_8),
            (None, None) => of_all.unwrap_or(Charset::UTF_8),
        };
        let (mut names, mut fields, mut from) = (Vec::new(), Vec::new(), 1);
        for field in head[32..].chunks_exact(32).take_while(|field| field[0] != 0x0d) {
            let name = field[..11].split(|byte| *byte == 0).next().unwrap_or_default();
            let (name, malformed) = charset.decode_all(name);
            if malformed && encoding.is_none() {
                return Err(undeclared(file, head[29], &head));
            }
            let kind = field[11].to_ascii_uppercase();
            // Text may be longer than a byte counts: the byte for decimals is its upper half.
            let length = if kind == b'C' { u16_at(field, 16) } else { usize::from(field[16]) };
            match kind {
                b'C' | b'N' | b'F' | b'D' | b'L' | b'I' | b'+' | b'B' | b'O' | b'Y' | b'T' | b'@' | b'M' => {
                    names.push(name.into_owned());
                    fields.push(Field { kind, from, length });
                }
                // A field that only says which others are null has no value of its own.
                b'0' => {}
                _ => notes.push(format!(
                    "its field {name} is of type {}, which is not read",
                    char::from(kind).escape_debug()
                )),
            }
            from += length;
        }
        if fields.is_empty() || from > record_bytes {
            return Err(ReadError::at(file, "its fields do not fit into its records: the header is damaged"));
        }
        let columns = header::columns(names.iter(), &mut notes);
        let has_memo = fields.iter().any(|field| matches!(field.kind, b'M'));
        let (memo, content) = match memo.filter(|_| has_memo) {
            Some((file, content)) => (Memo::open(file, version), Some(content)),
            None => (None, None),
        };
        if has_memo && memo.is_none() {
            notes.push("the file with the texts of its memo fields (.dbt, .fpt) is not beside it: rows with such a text are bad rows".to_owned());
        }
        Ok(Dbf {
            name: name.to_owned(),
            columns,
            fields,
            charset,
            is_declared: encoding.or(of_all).is_some() || of_driver(head[29]).is_some(),
            raw,
            record_bytes,
            driver: head[29],
            left: records,
            block: Vec::new(),
            at: 0,
            offset: header_bytes as u64,
            rows: 0,
            memo,
            passed: Passed::default(),
            notes,
            ended: false,
            content,
            mistaken: (charset != Charset::UTF_8).then(|| Mistaken::new(charset)),
        })
    }

    /// Reads a record into the batch.
    fn record(&mut self, rows: &mut RowBatch) -> Result<(), ReadError> {
        let record = &self.block[self.at..self.at + self.record_bytes];
        let offset = self.offset;
        self.offset += self.record_bytes as u64;
        self.at += self.record_bytes;
        self.left -= 1;
        if record[0] == b'*' {
            self.passed.deleted_rows += 1;
            return Ok(());
        }
        self.rows += 1;
        let place = Place { number: self.rows, bytes: Some((offset, self.record_bytes as u32)) };
        let mut bad = None;
        for (field, column) in self.fields.iter().zip(&self.columns) {
            let bytes = &record[field.from..field.from + field.length];
            if let Some(mistaken) = self.mistaken.as_mut().filter(|_| field.kind == b'C') {
                mistaken.look(bytes.trim_ascii_end());
                mistaken.look(b"\n");
            }
            if let Err((reason, what)) = field.push(bytes, self.charset, self.memo.as_ref(), rows) {
                bad = Some((reason, format!("column {column}: {what}")));
                break;
            }
        }
        let Some((reason, message)) = bad else {
            rows.end_row(place);
            return Ok(());
        };
        rows.drop_row();
        if reason == "bad-encoding" && !self.is_declared {
            return Err(undeclared(self.raw.file(), self.driver, record));
        }
        let text = |field: &Field| {
            let bytes = &record[field.from..field.from + field.length];
            self.charset.decode_all(bytes).0.trim().to_owned()
        };
        let text = self.fields.iter().map(text).collect::<Vec<_>>().join("\t");
        rows.bad.push(BadRow::new(place, reason, message, &text));
        Ok(())
    }
}

/// The code pages of DOS that are not read.
fn page_of_dos(driver: u8) -> Option<u16> {
    Some(match driver {
        0x68 => 895,
        0x69 => 620,
        _ => return None,
    })
}

fn undeclared(file: &str, driver: u8, sample: &[u8]) -> ReadError {
    if let Some(page) = page_of_dos(driver) {
        let what = format!(
            "says that its text is of DOS code page {page}, which is not read: write it in another encoding, or as CSV in UTF-8, with the \
             program it comes from"
        );
        return ReadError::at(file, what);
    }
    let proposal = super::charset::propose_encoding(sample);
    let name = proposal.encoding.name().to_ascii_lowercase();
    ReadError::at(
        file,
        format!(
            "does not say its encoding, and its text is not UTF-8. It may be {} ({}): look at it, then declare `encoding = \"{name}\"`",
            proposal.encoding, proposal.why
        ),
    )
}

type NoCell = (&'static str, String);

impl Field {
    /// Adds the field of a record as a cell.
    fn push(&self, bytes: &[u8], charset: Charset, memo: Option<&Memo>, rows: &mut RowBatch) -> Result<(), NoCell> {
        let bad_cell = || {
            (
                "bad-cell",
                format!(
                    "`{}` is no value of a field of type {}",
                    String::from_utf8_lossy(bytes),
                    char::from(self.kind)
                ),
            )
        };
        let trimmed = bytes.trim_ascii();
        let is_empty = trimmed.iter().all(|byte| matches!(byte, 0 | b' '));
        match self.kind {
            b'C' => {
                let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |end| end + 1);
                return push_text(&bytes[..end], charset, rows);
            }
            // Numbers and dates are written as text; stars are what did not fit.
            b'N' | b'F' => {
                let text = std::str::from_utf8(trimmed).map_err(|_| bad_cell())?;
                if text.contains('*') {
                    return Err(("bad-cell", "stars, which stand for a number that did not fit".to_owned()));
                }
                rows.push_cell(Some(if is_empty { "" } else { text }));
            }
            b'D' if is_empty || trimmed == b"00000000" => rows.push_cell(Some("")),
            b'D' => {
                let text = std::str::from_utf8(trimmed).map_err(|_| bad_cell())?;
                if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(bad_cell());
                }
                rows.write_cell(|out| {
                    let _ =
                        std::fmt::Write::write_fmt(out, format_args!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]));
                });
            }
            b'L' => rows.push_cell(Some(match trimmed {
                b"T" | b"t" | b"Y" | b"y" => "true",
                b"F" | b"f" | b"N" | b"n" => "false",
                b"?" | b"" | b"\0" => "",
                _ => return Err(bad_cell()),
            })),
            b'I' | b'+' => {
                let bytes: [u8; 4] = bytes.try_into().map_err(|_| bad_cell())?;
                // dBASE 7 counts up in the other byte order, with its sign turned.
                let value = if self.kind == b'I' {
                    i32::from_le_bytes(bytes)
                } else {
                    (u32::from_be_bytes(bytes) ^ 0x8000_0000) as i32
                };
                rows.write_cell(|out| out.push_str(&value.to_string()));
            }
            b'B' | b'O' if bytes.len() == 8 => {
                let bytes: [u8; 8] = bytes.try_into().map_err(|_| bad_cell())?;
                rows.write_cell(|out| push_f64(out, f64::from_le_bytes(bytes)));
            }
            b'Y' => {
                let bytes: [u8; 8] = bytes.try_into().map_err(|_| bad_cell())?;
                let digits = i64::from_le_bytes(bytes).to_string();
                rows.write_cell(|out| push_decimal(out, &digits, 4));
            }
            b'T' | b'@' => {
                let bytes: [u8; 8] = bytes.try_into().map_err(|_| bad_cell())?;
                let (day, millis) = (u32_at(&bytes, 0) as i64, u32_at(&bytes, 4) as i64);
                if day == 0 || is_empty {
                    rows.push_cell(Some(""));
                } else {
                    // Milliseconds are counted in binary and are off by one at times.
                    let seconds = (millis + 500) / 1000;
                    let nanos =
                        i128::from(day + JULIAN_EPOCH) * 86_400_000_000_000 + i128::from(seconds) * 1_000_000_000;
                    rows.write_cell(|out| push_timestamp(out, nanos));
                }
            }
            b'M' => {
                let block = match bytes.len() {
                    4 => Some(u32_at(bytes, 0)),
                    _ if is_empty => Some(0),
                    _ => std::str::from_utf8(trimmed).ok().and_then(|text| text.parse().ok()),
                };
                match (block.ok_or_else(bad_cell)?, memo) {
                    (0, _) => rows.push_cell(Some("")),
                    (_, None) => return Err(("bad-cell", "its text is in a memo file that is not there".to_owned())),
                    (block, Some(memo)) => {
                        let text = memo.read(block).map_err(|what| ("bad-cell", what))?;
                        return push_text(&text, charset, rows);
                    }
                }
            }
            _ => return Err(("bad-cell", format!("fields of type {} are not read", char::from(self.kind)))),
        }
        Ok(())
    }
}

fn push_text(bytes: &[u8], charset: Charset, rows: &mut RowBatch) -> Result<(), NoCell> {
    let (text, malformed) = charset.decode_all(bytes);
    if malformed {
        return Err(("bad-encoding", format!("bytes that are no text in {charset}")));
    }
    if text.contains('\0') {
        return Err(("nul-byte", "a zero byte".to_owned()));
    }
    rows.push_cell(Some(&text));
    Ok(())
}

impl Memo {
    fn open(file: File, version: u8) -> Option<Memo> {
        let mut head = [0; 22];
        file.read_exact_at(&mut head, 0).ok()?;
        let is_foxpro = matches!(version, 0x30..=0x32 | 0xf5 | 0xfb);
        let block_bytes = match version {
            _ if is_foxpro => u64::from(u16::from_be_bytes([head[6], head[7]])),
            0x8b | 0x8e | 0xcb => u16_at(&head, 20) as u64,
            _ => 512,
        };
        Some(Memo { file, block_bytes: if block_bytes == 0 { 512 } else { block_bytes }, is_foxpro })
    }

    /// The text that begins at a block.
    fn read(&self, block: u64) -> Result<Vec<u8>, String> {
        let start = block.saturating_mul(self.block_bytes);
        let mut head = [0; 8];
        let gone = |_| format!("block {block} of the memo file is not there");
        self.file.read_exact_at(&mut head, start).map_err(gone)?;
        let (from, length) = if self.is_foxpro {
            (start + 8, u64::from(u32::from_be_bytes([head[4], head[5], head[6], head[7]])))
        } else if head[..4] == [0xff, 0xff, 0x08, 0x00] {
            (start + 8, u32_at(&head, 4).saturating_sub(8))
        } else {
            return self.until_end(start);
        };
        if length > CELL_BYTES as u64 {
            return Err(format!("a text of more than {} MiB", CELL_BYTES >> 20));
        }
        let mut text = vec![0; length as usize];
        self.file.read_exact_at(&mut text, from).map_err(gone)?;
        Ok(text)
    }

    /// A text of dBASE III ends with its end sign.
    fn until_end(&self, start: u64) -> Result<Vec<u8>, String> {
        let mut text = Vec::new();
        let mut chunk = [0; 512];
        while text.len() <= CELL_BYTES {
            let read = self.file.read_at(&mut chunk, start + text.len() as u64).map_err(|error| error.to_string())?;
            let end = chunk[..read].iter().position(|byte| *byte == 0x1a);
            text.extend_from_slice(&chunk[..end.unwrap_or(read)]);
            if end.is_some() || read == 0 {
                return Ok(text);
            }
        }
        Err(format!("a text of more than {} MiB", CELL_BYTES >> 20))
    }
}

impl Table for Dbf {
    fn name(&self) -> &str {
        &self.name
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError> {
        rows.clear();
        while !rows.is_full() && !self.ended {
            if self.left > 0 && self.block.len() - self.at >= self.record_bytes {
                self.record(rows)?;
                continue;
            }
            self.block.drain(..self.at);
            self.at = 0;
            if self.left == 0 {
                if self.mistaken.as_ref().is_some_and(Mistaken::is_utf_8) {
                    let what = format!(
                        "is read as {}, but all of its text is UTF-8: its letters would be others. Declare `encoding = \"utf-8\"` under its table",
                        self.charset
                    );
                    return Err(ReadError::at(self.raw.file(), what));
                }
                // What comes after the records counts for the hash alone.
                self.block.clear();
                self.ended = self.raw.read(&mut self.block, BLOCK_BYTES)? < BLOCK_BYTES;
            } else if self.raw.read(&mut self.block, BLOCK_BYTES.max(self.record_bytes))? == 0 {
                let what = format!("the file is cut off: its header says {} more records", self.left);
                return Err(ReadError::at(format!("{}, byte {}", self.raw.file(), self.offset), what));
            }
        }
        Ok(!rows.is_empty() || !rows.bad.is_empty())
    }

    fn content(&self) -> Option<Content> {
        self.raw.content().filter(|_| self.ended).map(|content| self.content.unwrap_or(content))
    }

    fn passed(&self) -> Passed {
        self.passed
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
