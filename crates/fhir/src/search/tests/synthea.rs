//! The 92,114 resources of the Synthea set against totals that another server's own tests expect.

use super::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file or folder of the test data; `None`, said so, where there is none.
pub(super) fn data(path: &str) -> Option<PathBuf> {
    let Some(data) = std::env::var_os("MEDWEAVE_TEST_DATA") else {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return None;
    };
    Some(Path::new(&data).join(path))
}

/// The resources of a bundle as JSON, `urn:uuid:` references made those of a server that kept the ids.
fn resources(file: &Path) -> Vec<String> {
    let unpacked = Command::new("gzip").arg("-dc").arg(file).output().unwrap();
    assert!(unpacked.status.success(), "gzip {}", file.display());
    let document = Document::parse(&unpacked.stdout).unwrap();
    let entries = || document.root().get("entry").unwrap().items();
    let mut types = HashMap::new();
    for entry in entries() {
        let url = entry.get("fullUrl").and_then(Node::as_str).unwrap_or_default();
        types.insert(url, entry.path(&["resource", "resourceType"]).unwrap().as_str().unwrap());
    }
    let local = |text: &str| {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("\"urn:uuid:") {
            let end = at + 1 + rest[at + 1..].find('"').unwrap();
            out.push_str(&rest[..=at]);
            match types.get(&rest[at + 1..end]) {
                Some(name) => out.extend([name, "/", &rest[at + 10..end]]),
                None => out.push_str(&rest[at + 1..end]),
            }
            rest = &rest[end..];
        }
        out + rest
    };
    entries().map(|entry| local(entry.get("resource").unwrap().raw())).collect()
}

struct Whole<'d> {
    types: HashMap<String, Vec<Node<'d>>>,
    ids: HashMap<(String, String), Node<'d>>,
}

impl Corpus for Whole<'_> {
    fn find(&self, type_name: &str, id: &str) -> Option<Node<'_>> {
        self.ids.get(&(type_name.to_owned(), id.to_owned())).copied()
    }

    fn of_type<'c>(&'c self, type_name: &str) -> Box<dyn Iterator<Item = Node<'c>> + 'c> {
        Box::new(self.types.get(type_name).into_iter().flatten().copied())
    }
}

#[test]
fn totals_on_synthea_are_those_expected() {
    let Some(folder) = data("records/synthea-120") else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("bundles")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().flat_map(|file| resources(file)).collect();
    let documents: Vec<_> = texts.iter().map(|text| Document::parse(text.as_bytes()).unwrap()).collect();
    let mut corpus = Whole { types: HashMap::new(), ids: HashMap::new() };
    for document in &documents {
        let root = document.root();
        let name = root.get("resourceType").unwrap().as_str().unwrap().into_owned();
        let id = root.get("id").unwrap().as_str().unwrap().into_owned();
        corpus.types.entry(name.clone()).or_default().push(root);
        corpus.ids.insert((name, id), root);
    }

    let expected = std::fs::read(folder.join("expected/blaze-synthea-120.json")).unwrap();
    let expected = Document::parse(&expected).unwrap();
    let number = |node: Node<'_>| node.number_text().unwrap().parse::<usize>().unwrap();
    assert_eq!(documents.len(), number(expected.root().get("resources").unwrap()));
    for (name, count) in expected.root().get("types").unwrap().members() {
        assert_eq!(corpus.types[name].len(), number(count), "{name}");
    }

    let queries: Vec<_> = expected
        .root()
        .get("queries")
        .unwrap()
        .items()
        .map(|node| {
            let (of, text) =
                (node.get("type").unwrap().as_str().unwrap(), node.get("query").unwrap().as_str().unwrap());
            (format!("{of}?{text}"), parse(&of, &text, Handling::Strict).unwrap(), number(node.get("total").unwrap()))
        })
        .collect();
    assert!(queries.len() > 25);

    let extractor = Extractor::new();
    let mut by_values = vec![Some(0); queries.len()];
    let mut naively = vec![0; queries.len()];
    for document in &documents {
        let root = document.root();
        let mut values = Vec::new();
        let issues = extractor.extract(root, &mut |parameter, value| values.push((parameter.number, value)));
        assert_eq!(issues, [], "{}", document.text());
        for (at, (_, query, _)) in queries.iter().enumerate() {
            if !root.get("resourceType").unwrap().is_str(r4().name(query.resource_type)) {
                continue;
            }
            naively[at] += usize::from(matches(query, root, &corpus));
            let holds = query.filters.iter().try_fold(true, |all, filter| {
                let number = filter.parameter()?.number;
                let own: Vec<_> = values.iter().filter(|(n, _)| *n == number).map(|(_, value)| value.clone()).collect();
                Some(all && filter.test.holds(&own)?)
            });
            by_values[at] = by_values[at].zip(holds).map(|(total, holds)| total + usize::from(holds));
        }
    }
    for (at, (text, _, total)) in queries.iter().enumerate() {
        assert_eq!(naively[at], *total, "read whole: {text}");
        assert!(by_values[at].is_none_or(|found| found == *total), "{text}: {:?} instead of {total}", by_values[at]);
    }
    assert!(by_values.iter().flatten().count() > 20, "chains apart, values must suffice");
}
