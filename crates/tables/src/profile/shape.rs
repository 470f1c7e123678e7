//! What values look like: `99-99-9999`, `A99.9`.

/// Characters that a shape is made of; longer values are texts.
const LONGEST: usize = 32;
/// Characters of one kind that are written out; longer runs end in `+`.
const RUN: usize = 10;

/// The shape of a value: digits are `9`, capitals `A`, small letters `a`, other letters `字`; all else stands as it is. Empty for texts.
pub(super) fn shape_of(value: &str) -> String {
    let mut shape = String::new();
    let mut run = (None, 0);
    for (at, c) in value.chars().enumerate() {
        if at == LONGEST {
            return String::new();
        }
        let sign = match c {
            c if c.is_ascii_digit() => '9',
            c if c.is_ascii_uppercase() => 'A',
            c if c.is_ascii_lowercase() => 'a',
            c if c.is_numeric() => '９',
            c if c.is_uppercase() => 'A',
            c if c.is_lowercase() => 'a',
            c if c.is_alphabetic() => '字',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        run = if run.0 == Some(sign) { (run.0, run.1 + 1) } else { (Some(sign), 1) };
        match run.1 {
            n if n <= RUN => shape.push(sign),
            n if n == RUN + 1 => shape.push('+'),
            _ => {}
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_say_what_values_look_like() {
        for (value, shape) in [
            ("31-12-1999", "99-99-9999"),
            ("I10.0", "A99.9"),
            ("Müller 王芳", "Aaaaaa 字字"),
            ("123456789012345", "9999999999+"),
            ("<5", "<9"),
            ("３", "９"),
            ("", ""),
        ] {
            assert_eq!(shape_of(value), shape);
        }
        assert_eq!(shape_of(&"a word ".repeat(9)), "");
    }
}
