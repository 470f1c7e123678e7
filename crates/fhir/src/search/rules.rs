//! The number of the rules by which index values are made.

/// Raised with every change of what [`super::Extractor`], [`super::fold()`] or [`crate::ucum`] give for some resource, so that stores
/// extract anew what they extracted by other rules. A test holds samples of all three against the number.
pub const RULES: u32 = 1;

#[cfg(test)]
mod tests {
    use super::RULES;
    use crate::generate::{self, Choices};
    use crate::json::Document;
    use crate::magnitude::Magnitude;
    use crate::parameters::parameters;
    use crate::schema::r4;
    use crate::search::{Extractor, fold};
    use crate::ucum;
    use expect_test::expect;
    use std::fmt::Write;

    /// FNV-1a, 64 bits.
    fn hash(text: &str) -> u64 {
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    fn folded() -> String {
        (0..=u32::from(char::MAX))
            .filter_map(char::from_u32)
            .map(|letter| fold(&format!("a{letter}b ")).into_owned())
            .collect()
    }

    fn units() -> String {
        let mut out = String::new();
        for code in ucum::codes() {
            let unit = ucum::Unit::parse(&code).unwrap();
            let value = unit.to_base_f64(Magnitude::new(125, -1));
            writeln!(out, "{code} {} {value:?}", unit.dimension).unwrap();
        }
        out
    }

    fn extracted() -> String {
        let (schema, extractor, mut out) = (r4(), Extractor::new(), String::new());
        for type_id in schema.resource_types() {
            let all: Vec<&str> =
                parameters().of(schema.name(type_id)).iter().flat_map(crate::search::asking::elements).collect();
            for no in 0..6 {
                let stream = Choices::bytes(u64::from(type_id.0) << 8 | no, 2_000);
                let wanted = if no % 2 == 0 { &all[..] } else { &[] };
                let made = generate::resource(type_id, "1", wanted, &mut Choices::new(&stream)).to_string();
                let document = Document::parse(made.as_bytes()).unwrap();
                extractor.extract(document.root(), &mut |parameter, value| {
                    writeln!(out, "{} {value:?}", parameter.code).unwrap();
                });
            }
        }
        out
    }

    /// When this fails, searches of stores written before would miss what they hold: raise [`RULES`], and then the samples.
    #[test]
    fn a_change_of_what_is_extracted_has_a_number_of_its_own() {
        let samples = format!(
            "rules {RULES}: folding {:016x}, units {:016x}, values {:016x}",
            hash(&folded()),
            hash(&units()),
            hash(&extracted())
        );
        expect!["rules 1: folding c346ccdda870da94, units c84b6638a0868a7c, values c07b5b64fcdb627e"]
            .assert_eq(&samples);
    }
}
