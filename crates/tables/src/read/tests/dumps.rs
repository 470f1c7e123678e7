use super::*;
use proptest::prelude::*;
use std::fmt::Write;

const POSTGRES: &str = r#"--
-- PostgreSQL database dump
--
\restrict abcDEF
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO x VALUES (1); RETURN 'a;b'; END $$;
CREATE TABLE public.patients (
    id integer NOT NULL,
    name character varying(40) DEFAULT 'x,y('::character varying,
    alive boolean,
    weight double precision,
    price numeric(10,2),
    seen timestamp(3) with time zone,
    "my note" text,
    CONSTRAINT c CHECK ((id > 0))
);
CREATE TABLE other.empty (a integer, PRIMARY KEY (a));
COPY public.patients (id, name, alive, weight, price, seen, "my note") FROM stdin;
1	张三	t	71.5	5.00	2024-05-01 07:08:09.5+08	a\tb\\c\nd
2	\N	f	5	0.10	\N	
3	\.x	\N	1e+21	-1.00	infinity	\\N
\.
INSERT INTO public.patients VALUES (4, E'O\'Neil', true, 0.1, 1.00, '2024-05-01 00:00:00+00', 'it''s; (fine)'), (5, 'x'::text, false, NULL, 2.50, NULL, '');
CREATE VIEW public.v AS SELECT 1;
COPY other.last (b) FROM stdin;
\.
"#;

#[test]
fn a_dump_of_postgresql() {
    let folder = folder(&[("h.sql", POSTGRES.as_bytes())]);
    let delivery = open(folder.path());
    let names: Vec<String> = delivery.tables().iter().map(crate::read::Listed::shown).collect();
    assert_eq!(names, ["h.sql#patients", "h.sql#empty", "h.sql#last"], "{:?}", delivery.passed_over());
    let mut table = delivery.table("patients", None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!(whole.bad, []);
    assert_eq!(whole.columns, ["id", "name", "alive", "weight", "price", "seen", "my note"]);
    assert_eq!(
        whole.texts(),
        [
            ["1", "张三", "true", "71.5", "5.00", "2024-04-30 23:08:09.500+00:00", "a\tb\\c\nd"],
            ["2", "<null>", "false", "5", "0.10", "<null>", ""],
            ["3", ".x", "<null>", "1e21", "-1.00", "infinity", "\\N"],
            ["4", "O'Neil", "true", "0.1", "1.00", "2024-05-01 00:00:00+00:00", "it's; (fine)"],
            ["5", "x", "false", "<null>", "2.50", "<null>", ""],
        ]
    );
    let slices: Vec<&str> = whole
        .places
        .iter()
        .map(|place| {
            let (from, length) = place.bytes.unwrap();
            &POSTGRES[from as usize..from as usize + length as usize]
        })
        .collect();
    assert!(slices[0].starts_with("1\t张三") && slices[0].ends_with("nd\n"), "{slices:?}");
    assert_eq!(slices[4], "(5, 'x'::text, false, NULL, 2.50, NULL, '')");
    assert_eq!(whole.content.unwrap().bytes, POSTGRES.len() as u64);
    assert_eq!(delivery.content(&delivery.tables()[0]).unwrap(), whole.content.unwrap());
    let mut table = delivery.table("empty", None, TableOptions::default()).unwrap();
    assert_eq!(read(table.as_mut()).unwrap().rows.len(), 0);
}

const MYSQL: &str = r#"/*M!999999\- enable the sandbox mode */
-- MariaDB dump 10.19
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `lab`;
CREATE TABLE `lab` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(40) DEFAULT 'a;''b',
  `value` double DEFAULT NULL,
  `flag` bit(1) DEFAULT b'0',
  `raw` varbinary(10) DEFAULT NULL,
  `at` datetime(6) DEFAULT NULL COMMENT 'when; (it was)',
  PRIMARY KEY (`id`), KEY `k` (`name`(10))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
DELIMITER ;;
CREATE TRIGGER t BEFORE INSERT ON lab FOR EACH ROW BEGIN INSERT INTO lab VALUES (1); SET @a = 'x'; END ;;
DELIMITER ;
LOCK TABLES `lab` WRITE;
INSERT INTO `lab` VALUES (1,'it\'s \"x\"\n\\ ''y'' \%',1.5,b'1',0x00FF,'2024-05-01 07:08:09.000000'),(2,NULL,-1e-9,'\0',_binary 'ab','0000-00-00 00:00:00'),
(3,"a;b),(4",2,b'0',NULL,NULL),(9,'a\0',2,b'0',NULL,NULL);
INSERT IGNORE INTO `lab` (`name`,`id`) VALUES ('后',-7);
INSERT INTO `lab` SELECT * FROM `x`;
UNLOCK TABLES;
# the end
USE `other`;
INSERT INTO `lab` VALUES (1,now());
INSERT INTO `lab` VALUES (1,'x'),(2),(3,rand('a',"b)")),(4,'y') ON DUPLICATE KEY UPDATE a = VALUES(a);
"#;

#[test]
fn a_dump_of_mariadb() {
    let folder = folder(&[("h.sql", MYSQL.as_bytes())]);
    let delivery = open(folder.path());
    let names: Vec<String> = delivery.tables().iter().map(crate::read::Listed::shown).collect();
    assert_eq!(names, ["h.sql#lab", "h.sql#other.lab"], "{:?}", delivery.passed_over());
    let mut table = delivery.table("lab", None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!(whole.reasons(), [(4, "nul-byte")], "{:?}", whole.bad);
    assert_eq!(
        whole.texts(),
        [
            ["1", "it's \"x\"\n\\ 'y' \\%", "1.5", "true", "\\x00ff", "2024-05-01 07:08:09"],
            ["2", "<null>", "-1e-9", "false", "\\x6162", "0000-00-00 00:00:00"],
            ["3", "a;b),(4", "2", "false", "<null>", "<null>"],
            ["-7", "后", "<null>", "<null>", "<null>", "<null>"],
        ]
    );
    let mut table = delivery.table("other.lab", None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!(whole.columns, ["column_1", "column_2"]);
    assert_eq!(whole.texts(), [["1", "x"], ["4", "y"]]);
    assert_eq!(whole.reasons(), [(1, "not-a-literal"), (3, "ragged-row"), (4, "not-a-literal")]);
    assert_eq!(whole.bad[0].message, "column column_2: `now()` is no value, but something to be computed");
    assert_eq!(whole.bad[2].text, "(3,rand('a',\"b)\"))");
}

#[test]
fn scripts_of_other_programs() {
    let oracle = "CREATE TABLE \"HIS\".\"PAT\" (\"ID\" NUMBER(10), \"BORN\" DATE);\n\
        INSERT INTO \"HIS\".\"PAT\" VALUES ('1', TO_DATE('1990-02-28 00:00:00', 'SYYYY-MM-DD HH24:MI:SS'));\n\
        INSERT INTO \"HIS\".\"PAT\" (\"BORN\", \"ID\") VALUES (DATE '2000-02-29', CAST('2' AS NUMBER));\n";
    let whole = read_file("t.sql", oracle.as_bytes(), TableOptions::default()).unwrap();
    assert_eq!(whole.texts(), [["1", "1990-02-28 00:00:00"], ["2", "2000-02-29"]]);
    let sqlite = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a INTEGER, b TEXT, c BLOB);\nINSERT INTO t VALUES(1,'x\\',X'00ff');\nCOMMIT;\n";
    let whole = read_file("t.sql", sqlite.as_bytes(), TableOptions::default()).unwrap();
    assert_eq!(whole.texts(), [["1", "x\\", "\\x00ff"]]);
    // Line ends, as sqlite3 and Oracle write them.
    let joined = "CREATE TABLE t (a REAL, b TEXT);\n\
        INSERT INTO t VALUES(0.10000000000000000555,replace(replace('it''s\\n\\r','\\n',char(10)),'\\r',char(13)));\n\
        INSERT INTO t VALUES(2,unistr('a\\u000ab\\\\'));\nINSERT INTO t VALUES(3, 'a' || CHR(9) || 'b');\nINSERT INTO t VALUES(4, 'a' || now());\n";
    let whole = read_file("t.sql", joined.as_bytes(), TableOptions::default()).unwrap();
    assert_eq!(whole.texts(), [["0.1", "it's\n\r"], ["2", "a\nb\\"], ["3", "a\tb"]]);
    assert_eq!(whole.reasons(), [(4, "not-a-literal")]);
}

#[test]
fn types_of_their_own_are_those_they_stand_for_and_what_is_computed_is_left_out() {
    let text = "-- PostgreSQL database dump
CREATE DOMAIN public.\"Flag\" AS boolean DEFAULT false NOT NULL
\tCONSTRAINT c CHECK ((VALUE OR (NOT VALUE)));
CREATE DOMAIN public.yes AS public.\"Flag\";
CREATE TABLE public.t (id integer GENERATED ALWAYS AS IDENTITY (START 5), is_on public.\"Flag\" NOT NULL, is_too public.yes, twice integer GENERATED ALWAYS AS ((id * 2)) STORED, last text);
COPY public.t (id, is_on, is_too, last) FROM stdin;
1\tt\tf\tx
\\.
";
    let folder = folder(&[("h.sql", text.as_bytes())]);
    let delivery = open(folder.path());
    let mut table = delivery.table("t", None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!(whole.columns, ["id", "is_on", "is_too", "last"]);
    assert_eq!(whole.texts(), [["1", "true", "false", "x"]]);
    assert!(table.notes().iter().any(|note| note.contains("column twice is computed")), "{:?}", table.notes());
    let mysql = "-- MySQL dump\nCREATE TABLE `t` (`id` int, `half` int GENERATED ALWAYS AS (`id` / 2) VIRTUAL, `b` text);\nINSERT INTO `t` (`id`, `b`) VALUES (4,'x');\n";
    assert_eq!(read_file_named(mysql, "t").texts(), [["4", "x"]]);
}

#[test]
fn a_dump_that_is_cut_off_is_refused_or_known_by_its_end() {
    for cut in ["5, 'x'::te", "3\t\\.x\t\\N"] {
        let end = POSTGRES.find(cut).unwrap() + cut.len();
        let folder = folder(&[("h.sql", &POSTGRES.as_bytes()[..end])]);
        let mut table = open(folder.path()).table("patients", None, TableOptions::default()).unwrap();
        let error = read(table.as_mut()).unwrap_err().to_string();
        assert!(error.contains("the file is cut off in the row that begins here"), "{error}");
    }
    // Between two statements it is known by what its program writes last.
    for (text, is_open) in [
        (POSTGRES.to_owned(), true),
        (format!("{POSTGRES}\n--\n-- PostgreSQL database dump complete\n--\n"), false),
        (POSTGRES.replace("PostgreSQL database dump", "a dump"), false),
    ] {
        let folder = folder(&[("h.sql", text.as_bytes())]);
        let mut table = open(folder.path()).table("patients", None, TableOptions::default()).unwrap();
        read(table.as_mut()).unwrap();
        assert_eq!(table.is_open(), is_open);
    }
}

fn read_file_named(text: &str, name: &str) -> Whole {
    let folder = folder(&[("h.sql", text.as_bytes())]);
    let mut table = open(folder.path()).table(name, None, TableOptions::default()).unwrap();
    read(table.as_mut()).unwrap()
}

#[test]
fn a_dump_in_another_encoding_keeps_its_places() {
    // The second byte of 誠 in Big5, and of 亅 in GB18030, are a backslash and a bar.
    for (name, cell) in [("gbk", "乗亅俓"), ("big5", "功許蓋"), ("shift_jis", "表ソ能")] {
        let text = MYSQL.replace("SET NAMES utf8mb4", &format!("SET NAMES {name}")).replace('后', cell);
        let bytes = charset(name).encoding().encode(&text).0.into_owned();
        let folder = folder(&[("h.sql", &bytes)]);
        let delivery = open(folder.path());
        let mut table = delivery.table("lab", None, TableOptions::default()).unwrap();
        let whole = read(table.as_mut()).unwrap();
        assert_eq!(whole.texts()[3][1], cell);
        let (from, length) = whole.places[3].bytes.unwrap();
        let slice = &bytes[from as usize..from as usize + length as usize];
        assert_eq!(charset(name).encoding().decode(slice).0, format!("('{cell}',-7)"));
    }
    let text = MYSQL.replace("SET NAMES utf8mb4", "nothing").replace('后', "乗亅俓");
    let bytes = charset("gbk").encoding().encode(&text).0.into_owned();
    let folder = folder(&[("h.sql", &bytes)]);
    assert!(open(folder.path()).passed_over()[0].why.contains("no other encoding is declared"));
    let wrong = ReadOptions { encoding: Some(charset("utf-8")), ..ReadOptions::default() };
    let table = text.replace("`lab`", "`化验`");
    std::fs::write(folder.path().join("h.sql"), charset("gbk").encoding().encode(&table).0).unwrap();
    assert!(
        Delivery::open(folder.path(), &wrong).unwrap().passed_over()[0].why.contains("a name that is no text in UTF-8")
    );
    std::fs::write(folder.path().join("h.sql"), &bytes).unwrap();
    let options = ReadOptions { encoding: Some(charset("gbk")), ..ReadOptions::default() };
    let delivery = Delivery::open(folder.path(), &options).unwrap();
    assert_eq!(read(delivery.table("lab", None, TableOptions::default()).unwrap().as_mut()).unwrap().rows.len(), 4);
}

#[test]
fn long_statements_and_comments_do_not_fill_the_memory() {
    let mut text = "-- MySQL dump\nCREATE TABLE `t` (`a` int, `b` text);\n/* ".to_owned();
    text += &"a comment ' ".repeat(1 << 20);
    text += "*/ INSERT INTO `u` VALUES ";
    text += &"(1,'it\\'s (a; row'),".repeat(1 << 18);
    text += "(2,'');\nINSERT INTO `t` VALUES (1,'";
    text += &"y".repeat(17 << 20);
    text += "'),(2,'ok');";
    let whole = read_file_named(&text, "t");
    assert_eq!((whole.texts(), whole.reasons()), (vec![vec!["2", "ok"]], vec![(1, "cell-too-large")]));
    assert_eq!(read_file_named(&text, "u").rows.len(), (1 << 18) + 1);
}

fn cells() -> impl Strategy<Value = Option<String>> {
    let pool = &[
        'a', '\'', '"', '\\', '(', ')', ',', ';', '\n', '\r', '\t', '-', '/', '*', '#', '$', '张', 'N', '.', ' ', '`',
    ];
    let text =
        prop::collection::vec(prop::sample::select(&pool[..]), 0..10).prop_map(|cell| cell.into_iter().collect());
    prop::option::of(text)
}

proptest! {
    /// Rows written by a writer of this test, as each of the kinds of dump, come back equal with exact places.
    #[test]
    fn dumps_come_back_equal(rows in prop::collection::vec((cells(), cells()), 1..8), of_mysql in any::<bool>(), is_copy in any::<bool>()) {
        let mysql = |cell: &Option<String>| cell.as_ref().map_or("NULL".to_owned(), |cell| {
            let cell = cell.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\r', "\\r");
            format!("'{cell}'")
        });
        let standard = |cell: &Option<String>| cell.as_ref().map_or("NULL".to_owned(), |cell| format!("'{}'", cell.replace('\'', "''")));
        let copy = |cell: &Option<String>| cell.as_ref().map_or("\\N".to_owned(), |cell| {
            cell.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
        });
        let mut text = if of_mysql { "-- MySQL dump\n".to_owned() } else { "-- PostgreSQL database dump\n".to_owned() };
        text += "CREATE TABLE t (a text, b text);\nCREATE TABLE u (a text, b text);\n";
        let mut slices = Vec::new();
        for table in ["u", "t", "u"] {
            slices.clear();
            if is_copy && !of_mysql {
                writeln!(text, "COPY {table} (a, b) FROM stdin;").unwrap();
                for (a, b) in &rows {
                    let row = format!("{}\t{}\n", copy(a), copy(b));
                    slices.push(row.clone());
                    text += &row;
                }
                text += "\\.\n";
            } else {
                write!(text, "INSERT INTO {table} VALUES ").unwrap();
                for (no, (a, b)) in rows.iter().enumerate() {
                    let row = if of_mysql { format!("({},{})", mysql(a), mysql(b)) } else { format!("({}, {})", standard(a), standard(b)) };
                    text += if no > 0 { "," } else { "" };
                    slices.push(row.clone());
                    text += &row;
                }
                text += ";\n";
            }
        }
        let whole = read_file_named(&text, "t");
        prop_assert_eq!(&whole.bad, &[]);
        let expected: Vec<Vec<Option<String>>> = rows.iter().map(|(a, b)| vec![a.clone(), b.clone()]).collect();
        prop_assert_eq!(&whole.rows, &expected);
        let read: Vec<&str> = whole.places.iter().map(|place| {
            let (from, length) = place.bytes.unwrap();
            &text[from as usize..from as usize + length as usize]
        }).collect();
        prop_assert_eq!(read, slices);
        prop_assert_eq!(read_file_named(&text, "u").rows.len(), 2 * rows.len());
    }
}
