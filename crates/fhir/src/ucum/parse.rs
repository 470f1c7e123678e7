//! The grammar of UCUM codes (UCUM § 2): terms of components with exponents, `.` and `/`, parentheses, annotations.

use super::atoms::{ATOMS, BASE, Meaning, PREFIXES, Scale};
use super::factor::Factor;
use super::{Dimension, Unit};
use crate::decimal::Decimal;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Nested parentheses beyond this are no unit of anything.
const DEPTH_LIMIT: usize = 16;
/// Nor is a longer code.
const LENGTH_LIMIT: usize = 200;

struct Known {
    metric: bool,
    unit: Unit,
}

/// Every atom resolved to base units, once.
fn known() -> &'static HashMap<&'static str, Known> {
    static KNOWN: OnceLock<HashMap<&'static str, Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = HashMap::new();
        for (at, code) in BASE.into_iter().enumerate() {
            let mut dimension = Dimension::default();
            dimension.base[at] = 1;
            known.insert(code, Known { metric: true, unit: Unit { dimension, factor: Factor::ONE, shift: None } });
        }
        // Definitions refer to one another in any order: repeat until nothing is left to resolve.
        let mut left: Vec<_> = ATOMS.iter().collect();
        while !left.is_empty() {
            let before = left.len();
            left.retain(|(code, metric, meaning)| match resolve(code, *meaning, &known) {
                Some(unit) => {
                    known.insert(code, Known { metric: *metric, unit });
                    false
                }
                None => true,
            });
            assert!(
                left.len() < before,
                "UCUM atoms without a definition: {:?}",
                left.iter().map(|a| a.0).collect::<Vec<_>>()
            );
        }
        known
    })
}

fn resolve(code: &'static str, meaning: Meaning, known: &HashMap<&'static str, Known>) -> Option<Unit> {
    match meaning {
        Meaning::Times(factor, of) => {
            let mut unit = Parser { text: of, at: 0, depth: 0, known }.whole()?;
            unit.factor = unit.factor.times(Factor::parse(factor)?)?;
            Some(unit)
        }
        Meaning::Shifted { shift, factor } => {
            let mut unit = known.get("K")?.unit.clone();
            unit.factor = Factor::parse(factor)?;
            unit.shift = Some(Decimal::parse(shift)?);
            Some(unit)
        }
        Meaning::Own => {
            let mut dimension = Dimension::default();
            // Two spellings of the international unit.
            dimension.own.insert(if code == "[iU]" { "[IU]" } else { code }, 1);
            Some(Unit { dimension, factor: Factor::ONE, shift: None })
        }
    }
}

pub(super) fn unit(code: &str) -> Option<Unit> {
    if code.len() > LENGTH_LIMIT {
        return None;
    }
    Parser { text: code, at: 0, depth: 0, known: known() }.whole()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    known: &'a HashMap<&'static str, Known>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn whole(mut self) -> Option<Unit> {
        if self.text.is_empty() {
            return None;
        }
        let unit = self.term()?;
        (self.at == self.text.len()).then_some(unit)
    }

    fn term(&mut self) -> Option<Unit> {
        let mut divide = self.peek() == Some(b'/');
        let mut product = Unit { dimension: Dimension::default(), factor: Factor::ONE, shift: None };
        if divide {
            self.at += 1;
        }
        let mut first = true;
        loop {
            let component = self.component()?;
            product = match (first && !divide, divide) {
                // Alone, a scale with its own zero is allowed; `times` refuses it in products.
                (true, _) => component,
                (false, true) => product.over(&component)?,
                (false, false) => product.times(&component)?,
            };
            first = false;
            divide = match self.peek() {
                Some(b'.') => false,
                Some(b'/') => true,
                _ => return Some(product),
            };
            self.at += 1;
        }
    }

    fn component(&mut self) -> Option<Unit> {
        match self.peek()? {
            b'(' => {
                if self.depth >= DEPTH_LIMIT {
                    return None;
                }
                self.depth += 1;
                self.at += 1;
                let unit = self.term()?;
                self.depth -= 1;
                if self.peek() != Some(b')') {
                    return None;
                }
                self.at += 1;
                Some(unit)
            }
            b'{' => {
                self.annotation()?;
                Some(Unit { dimension: Dimension::default(), factor: Factor::ONE, shift: None })
            }
            _ => {
                let symbol = self.symbol();
                let unit = self.simple(symbol)?;
                if self.peek() == Some(b'{') {
                    self.annotation()?;
                }
                Some(unit)
            }
        }
    }

    fn annotation(&mut self) -> Option<()> {
        let length = self.text[self.at..].find('}')?;
        self.at += length + 1;
        Some(())
    }

    /// The characters of one component, exponent included; brackets keep what they hold.
    fn symbol(&mut self) -> &'a str {
        let from = self.at;
        let mut bracket = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'[' => bracket = true,
                b']' => bracket = false,
                b'.' | b'/' | b'(' | b')' | b'{' | b'}' if !bracket => break,
                _ => {}
            }
            self.at += 1;
        }
        &self.text[from..self.at]
    }

    fn simple(&self, symbol: &str) -> Option<Unit> {
        if symbol.bytes().all(|byte| byte.is_ascii_digit()) {
            let factor = Factor::from_decimal(Decimal::parse(symbol)?)?;
            return Some(Unit { dimension: Dimension::default(), factor, shift: None });
        }
        // An exponent is what digits end the symbol, with their sign: `m-3`, `10*9`, `[in_i]2`.
        let digits = symbol.bytes().rev().take_while(u8::is_ascii_digit).count();
        let mut end = symbol.len() - digits;
        if digits == 0 {
            return self.atom(symbol);
        }
        if symbol[..end].ends_with(['-', '+']) {
            end -= 1;
        }
        let exponent: i32 = symbol[end..].parse().ok()?;
        let code = &symbol[..end];
        if code == "10*" || code == "10^" {
            return Some(Unit { dimension: Dimension::default(), factor: Factor::ten_to(exponent)?, shift: None });
        }
        self.atom(code)?.power(exponent)
    }

    fn atom(&self, code: &str) -> Option<Unit> {
        if let Some(known) = self.known.get(code) {
            return Some(known.unit.clone());
        }
        PREFIXES.iter().find_map(|(prefix, scale)| {
            let known = self.known.get(code.strip_prefix(prefix)?).filter(|known| known.metric)?;
            let factor = match scale {
                Scale::Ten(power) => Factor::ten_to(*power)?,
                Scale::Two(power) => Factor::from_decimal(Decimal::from(1_i128 << power))?,
            };
            // Of a shifted scale only the plain unit is used with numbers; milli-Celsius would scale the zero too.
            if known.unit.shift.is_some() {
                return None;
            }
            let mut unit = known.unit.clone();
            unit.factor = unit.factor.times(factor)?;
            Some(unit)
        })
    }
}
