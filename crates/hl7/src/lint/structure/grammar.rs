//! Message structures in the standard's notation, made into what may follow what.
//!
//! `[X]` may be missing, `{X}` repeats, `<X|Y>` is one of them, `(X Y)` belongs together, `@name` stands for a part that several
//! structures share. `X~`: the standard requires it, and many senders leave it out.

/// Required segments that are missing, by their places in [`Structure::leaves`].
pub(super) type Missing = u128;

/// One segment of a structure.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) id: [u8; 3],
    /// False if senders often leave it out although it is required.
    pub(super) is_strict: bool,
}

/// A structure: which of its segments may follow which, and what is missing where they do.
#[derive(Debug)]
pub(super) struct Structure {
    pub(super) leaves: Vec<Leaf>,
    /// For each leaf those that may follow it.
    pub(super) follow: Vec<Vec<(usize, Missing)>>,
    /// For each leaf what is missing if it comes first.
    pub(super) first: Vec<Option<Missing>>,
    /// For each leaf what is missing if it comes last.
    pub(super) last: Vec<Option<Missing>>,
}

enum Node {
    Leaf(usize),
    Sequence(Vec<Node>),
    Optional(Box<Node>),
    Repeated(Box<Node>),
    Choice(Vec<Node>),
}

type Ends = Vec<(usize, Missing)>;

impl Node {
    /// What is missing if the whole is left out.
    fn skipped(&self) -> Missing {
        match self {
            Node::Leaf(at) => 1 << at,
            Node::Sequence(parts) => parts.iter().fold(0, |missing, part| missing | part.skipped()),
            Node::Optional(_) => 0,
            Node::Repeated(inner) => inner.skipped(),
            Node::Choice(parts) => parts.first().map_or(0, Node::skipped),
        }
    }

    /// The leaves that it may begin with (or end with), and what is missing then.
    fn ends(&self, from_start: bool) -> Ends {
        match self {
            Node::Leaf(at) => vec![(*at, 0)],
            Node::Optional(inner) | Node::Repeated(inner) => inner.ends(from_start),
            Node::Choice(parts) => parts.iter().flat_map(|part| part.ends(from_start)).collect(),
            Node::Sequence(parts) => {
                let (mut found, mut passed) = (Vec::new(), 0);
                let mut visit = |part: &Node| {
                    found.extend(part.ends(from_start).into_iter().map(|(at, missing)| (at, missing | passed)));
                    passed |= part.skipped();
                };
                if from_start {
                    parts.iter().for_each(&mut visit);
                } else {
                    parts.iter().rev().for_each(&mut visit);
                }
                found
            }
        }
    }

    fn pairs(&self, structure: &mut Structure) {
        match self {
            Node::Leaf(_) => {}
            Node::Optional(inner) => inner.pairs(structure),
            Node::Repeated(inner) => {
                structure.join(&inner.ends(false), 0, &inner.ends(true));
                inner.pairs(structure);
            }
            Node::Choice(parts) => parts.iter().for_each(|part| part.pairs(structure)),
            Node::Sequence(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    part.pairs(structure);
                    let (ends, mut between) = (part.ends(false), 0);
                    for next in &parts[at + 1..] {
                        structure.join(&ends, between, &next.ends(true));
                        between |= next.skipped();
                    }
                }
            }
        }
    }
}

impl Structure {
    /// Reads a structure. `parts` are what `@name` stands for.
    ///
    /// # Errors
    /// Where the text is no structure: the tables are ours, and a test reads them all.
    pub(super) fn read(text: &str, parts: &[(&str, &str)]) -> Result<Structure, String> {
        let mut whole = text.to_owned();
        // Parts may hold parts.
        for _ in 0..4 {
            for (name, part) in parts {
                whole = whole.replace(&format!("@{name}"), part);
            }
        }
        let mut reader = Reader { text: &whole, at: 0, leaves: Vec::new() };
        let root = reader.sequence()?;
        if reader.at < whole.len() {
            return Err(format!("{:?} closes nothing", &whole[reader.at..]));
        }
        let leaves = reader.leaves;
        if leaves.len() > Missing::BITS as usize {
            return Err(format!("{} segments are too many", leaves.len()));
        }
        let count = leaves.len();
        let mut structure =
            Structure { leaves, follow: vec![Vec::new(); count], first: vec![None; count], last: vec![None; count] };
        root.pairs(&mut structure);
        for (from_start, found) in [(true, root.ends(true)), (false, root.ends(false))] {
            for (at, missing) in found {
                let ends = if from_start { &mut structure.first } else { &mut structure.last };
                let least = ends[at].filter(|known| known.count_ones() <= missing.count_ones());
                ends[at] = Some(least.unwrap_or(missing));
            }
        }
        Ok(structure)
    }

    fn join(&mut self, ends: &Ends, between: Missing, starts: &Ends) {
        for (from, after) in ends {
            for (to, before) in starts {
                let missing = after | between | before;
                let known = self.follow[*from].iter_mut().find(|(at, _)| at == to);
                match known {
                    None => self.follow[*from].push((*to, missing)),
                    Some((_, least)) if missing.count_ones() < least.count_ones() => *least = missing,
                    Some(_) => {}
                }
            }
        }
    }

    /// True if a segment of this id is part of it.
    pub(super) fn has(&self, id: [u8; 3]) -> bool {
        self.leaves.iter().any(|leaf| leaf.id == id)
    }

    /// The ids of what may stand right before one of the leaves with this id, nothing missing between.
    pub(super) fn before(&self, id: [u8; 3]) -> Vec<[u8; 3]> {
        let mut found: Vec<[u8; 3]> = Vec::new();
        for (at, follow) in self.follow.iter().enumerate() {
            let leads = follow.iter().any(|(to, missing)| self.leaves[*to].id == id && *missing == 0);
            if leads && self.leaves[at].id != id && !found.contains(&self.leaves[at].id) {
                found.push(self.leaves[at].id);
            }
        }
        found
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    leaves: Vec<Leaf>,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text.as_bytes().get(self.at).copied()
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut parts = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b']' | b'}' | b')' | b'>' | b'|' => break,
                b'[' | b'{' | b'(' => {
                    self.at += 1;
                    let inner = self.sequence()?;
                    let close = match byte {
                        b'[' => b']',
                        b'{' => b'}',
                        _ => b')',
                    };
                    self.expect(close)?;
                    parts.push(match byte {
                        b'[' => Node::Optional(Box::new(inner)),
                        b'{' => Node::Repeated(Box::new(inner)),
                        _ => inner,
                    });
                }
                b'<' => {
                    let mut choices = Vec::new();
                    loop {
                        self.at += 1;
                        choices.push(self.sequence()?);
                        if self.peek() != Some(b'|') {
                            break;
                        }
                    }
                    self.expect(b'>')?;
                    parts.push(Node::Choice(choices));
                }
                _ => parts.push(self.leaf()?),
            }
        }
        Ok(Node::Sequence(parts))
    }

    fn leaf(&mut self) -> Result<Node, String> {
        let bytes = self.text.as_bytes();
        let id: Option<[u8; 3]> = bytes.get(self.at..self.at + 3).and_then(|id| id.try_into().ok());
        let id = id.filter(|id| id.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
        let id = id.ok_or_else(|| format!("no segment at {:?}", &self.text[self.at..]))?;
        self.at += 3;
        let is_strict = bytes.get(self.at) != Some(&b'~');
        self.at += usize::from(!is_strict);
        self.leaves.push(Leaf { id, is_strict });
        Ok(Node::Leaf(self.leaves.len() - 1))
    }

    fn expect(&mut self, close: u8) -> Result<(), String> {
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        Err(format!("{:?} should stand at {:?}", char::from(close), &self.text[self.at..]))
    }
}
