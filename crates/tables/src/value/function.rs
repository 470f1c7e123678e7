//! The functions of mappings: names, parameters and what they give.

/// A function that makes a FHIR value of a row's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// Codings of a value, by a code map or with its system's address.
    Code,
    /// The UCUM code of a unit; an argument of [`Function::Quantity`].
    Unit,
    /// A number with comparator and unit.
    Quantity,
    /// From a low to a high value.
    Range,
    /// A number.
    Number,
    /// A day, month or year.
    Date,
    /// A date and time.
    Instant,
    /// From a start to an end.
    Period,
    /// An identifier with its system.
    Identifier,
    /// A person's name.
    Name,
    /// An address.
    Address,
    /// A reference to a resource that this mapping makes.
    Ref,
    /// So many minutes after a date and time.
    AtOffset,
    /// Text for people.
    Text,
}

/// How a function is called, what it gives, and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Its name in mappings.
    pub name: &'static str,
    /// Its parameters in order.
    pub parameters: &'static [Parameter],
    /// True if the last parameter may be given any number of times.
    pub rest: bool,
    /// The FHIR types it can give. For an element that allows several, the first of these that it allows.
    pub gives: &'static [&'static str],
    /// True if it stands only as an argument of another function.
    pub argument_only: bool,
    /// What it does, for the documentation: Markdown, sentences.
    pub help: &'static str,
}

/// A parameter of a function.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name in the documentation.
    pub name: &'static str,
    /// False if it may be left out.
    pub required: bool,
    /// True if it must be a constant.
    pub literal: bool,
    /// The functions that may stand here instead of plain SQL.
    pub takes: &'static [Function],
    /// The FHIR type that such a function is to give: the [`Slot`](super::Slot) to prepare it for.
    pub fhir_type: &'static str,
}

const fn required(name: &'static str) -> Parameter {
    Parameter { name, required: true, literal: false, takes: &[], fhir_type: "string" }
}

const fn optional(name: &'static str) -> Parameter {
    Parameter { required: false, ..required(name) }
}

const fn constant(name: &'static str) -> Parameter {
    Parameter { literal: true, ..required(name) }
}

/// A text that `text(…)` may have been applied to.
const fn words(name: &'static str) -> Parameter {
    Parameter { takes: &[Function::Text], ..optional(name) }
}

/// A date or time that a function may have made.
const fn moment(name: &'static str) -> Parameter {
    Parameter {
        takes: &[Function::Instant, Function::Date, Function::AtOffset],
        fhir_type: "dateTime",
        ..required(name)
    }
}

impl Function {
    /// Every function, in the order of the documentation.
    pub const ALL: [Function; 14] = [
        Function::Code,
        Function::Quantity,
        Function::Unit,
        Function::Range,
        Function::Number,
        Function::Date,
        Function::Instant,
        Function::AtOffset,
        Function::Period,
        Function::Identifier,
        Function::Name,
        Function::Address,
        Function::Text,
        Function::Ref,
    ];

    /// The function of this name, in any case as SQL has it.
    pub fn named(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.signature().name.eq_ignore_ascii_case(name))
    }

    /// How it is called.
    pub fn signature(self) -> &'static Signature {
        match self {
            Function::Code => &CODE,
            Function::Unit => &UNIT,
            Function::Quantity => &QUANTITY,
            Function::Range => &RANGE,
            Function::Number => &NUMBER,
            Function::Date => &DATE,
            Function::Instant => &INSTANT,
            Function::Period => &PERIOD,
            Function::Identifier => &IDENTIFIER,
            Function::Name => &NAME,
            Function::Address => &ADDRESS,
            Function::Ref => &REF,
            Function::AtOffset => &AT_OFFSET,
            Function::Text => &TEXT,
        }
    }
}

impl Signature {
    /// The parameter that stands at a position; beyond the last one if that repeats.
    pub fn parameter(&self, at: usize) -> Option<&'static Parameter> {
        self.parameters.get(at).or_else(|| self.parameters.last().filter(|_| self.rest))
    }

    /// How many arguments must be given.
    pub fn arguments_min(&self) -> usize {
        self.parameters.iter().take_while(|parameter| parameter.required).count()
    }

    /// How many arguments may be given.
    pub fn arguments_max(&self) -> usize {
        if self.rest { usize::MAX } else { self.parameters.len() }
    }

    /// As it stands in the documentation: `quantity(value[, unit])`.
    pub fn usage(&self) -> String {
        let mut usage = format!("{}(", self.name);
        let mut open = 0;
        for (at, parameter) in self.parameters.iter().enumerate() {
            let name = if parameter.literal { parameter.name.to_uppercase() } else { parameter.name.to_owned() };
            let comma = if at == 0 { "" } else { ", " };
            let rest = if self.rest && at + 1 == self.parameters.len() { "…" } else { "" };
            if parameter.required {
                usage.extend([comma, &name, rest]);
            } else {
                usage.extend(["[", comma, &name, rest]);
                open += 1;
            }
        }
        usage + &"]".repeat(open) + ")"
    }
}

const CODE: Signature = Signature {
    name: "code",
    parameters: &[constant("map"), required("value"), words("display")],
    rest: false,
    gives: &["CodeableConcept", "Coding", "code"],
    argument_only: false,
    help: "A coded value. With a system's address as `MAP` (`'http://loinc.org'`) the value is a code of that system. Else `MAP` \
           names a file of `codes/`: the value's target codings come first, the source's own coding is always kept behind them, \
           and a value that the map lacks is counted. A value is looked up as it is written, without blanks at its ends; if \
           it is not there, in any case, with full-width letters as plain ones, and with runs of blanks as one. For an \
           element of type `code` only the map's target is taken; an unmapped value is `unmapped-code`. `display` is what the \
           source shows for the value; where there is no value, a `display` that comes with the row is the text of a CodeableConcept.",
};

const QUANTITY: Signature = Signature {
    name: "quantity",
    parameters: &[
        Parameter { takes: &[Function::Number], fhir_type: "decimal", ..required("value") },
        Parameter { takes: &[Function::Unit], fhir_type: "Quantity", ..optional("unit") },
    ],
    rest: false,
    gives: &["Quantity", "Age", "Duration", "Distance", "Count"],
    argument_only: false,
    help: "A measured value, with its digits as they are. A comparator before the number is kept: `<`, `<=`, `>`, `>=`, `≤`, \
           `≥`, full-width forms, 小于, 大于, 不大于, 不小于 and `less than`, `greater than`. Text that is no number (`阴性`, \
           `1:320`, `3-5`) is `not-a-number`: write `coalesce(quantity(…), text(…))`. `unit` is `unit(…)`; plain text there \
           becomes the unit for people and has no code.",
};

const RANGE: Signature = Signature {
    name: "range",
    parameters: &[required("value"), Parameter { takes: &[Function::Unit], fhir_type: "Quantity", ..optional("unit") }],
    rest: false,
    gives: &["Range", "Observation.referenceRange"],
    argument_only: false,
    help: "A range in one text: `3.9-6.1`, `-2-3`, `3.9～6.1`, `3.9--6.1`, `3.9 to 6.1`, `±3`, `(3.9-6.1)`, with or without its \
           unit; `<0.5`, `≤5` and `～5` have a high end only, `>60`, `≥60` and `0.5-` a low one. A text without a digit (`阴性`) is no range \
           and no failure. What else is none (`-5`, which may be one number or an end, a date, a titre, one range for each sex, a \
           first number above the second, a unit that is not the value's) is `not-a-range`: keep the words beside it, \
           `range(r.normal, unit(…)) AS \"referenceRange\", text(r.normal) AS \"referenceRange.text\"`.",
};

const UNIT: Signature = Signature {
    name: "unit",
    parameters: &[constant("map"), required("value")],
    rest: false,
    gives: &["Quantity"],
    argument_only: true,
    help: "The UCUM code of a unit as the source spells it, by `units/MAP.csv`; `unit('ucum', …)` takes what is UCUM already. \
           Blanks, full-width characters, both code points of micro and the spellings of powers of ten (`×10^9/L`, `10⁹/L`, \
           `10E9/L`) make no difference. Case does. A unit that is not understood is kept as text without a code and counted.",
};

const NUMBER: Signature = Signature {
    name: "number",
    parameters: &[required("value")],
    rest: false,
    gives: &["decimal", "integer", "unsignedInt", "positiveInt"],
    argument_only: false,
    help: "A number with its digits as they are: signs, full-width digits, `.5`, exponents, thousands separators where they can \
           be nothing else (`1,234.5`, `1,234,567`). `1,234` alone is `ambiguous-number` unless `mapping.toml` says what the \
           comma is (`decimal = \",\"` or `thousands = \",\"`).",
};

const DATE: Signature = Signature {
    name: "date",
    parameters: &[required("value"), Parameter { literal: true, ..optional("format") }],
    rest: false,
    gives: &["date", "dateTime"],
    argument_only: false,
    help: "A day, month or year, as precise as it is written: `2024-02-29`, `20240229`, `2024/2/29`, `29.2.2024`, \
           `2024年2月29日`, `2024-02`, `2024`. A time behind it is left out. `03/04/2020` is `ambiguous-date` without a format; \
           a day that no calendar has is `impossible-date`; a date of birth or death after today is `future-date`. `FORMAT` \
           is made of `%Y %y %m %d %b %B %H %I %M %S %f %p %z`, `%%` and the characters between them.",
};

const INSTANT: Signature = Signature {
    name: "instant",
    parameters: &[
        required("value"),
        Parameter { literal: true, ..optional("format") },
        Parameter { literal: true, ..optional("zone") },
    ],
    rest: false,
    gives: &["dateTime", "instant"],
    argument_only: false,
    help: "A date and time: any date of `date`, then `T` or a blank, `hh:mm[:ss[.fff]]`, and a zone if it has one; also \
           `20240229123000` and `2024年2月29日 12时30分`. A time without a zone is one of `ZONE`, else of the mapping's zone. A \
           time that a clock change skips or has twice takes the offset before the change and is flagged (`time-in-gap`, \
           `time-in-overlap`). Missing seconds are written as `:00`, as FHIR asks; a date without a time stays one (for an \
           `instant` it is `not-a-time`).",
};

const AT_OFFSET: Signature = Signature {
    name: "at_offset",
    parameters: &[
        Parameter { takes: &[Function::Number], fhir_type: "decimal", ..required("minutes") },
        moment("anchor"),
    ],
    rest: false,
    gives: &["dateTime", "instant"],
    argument_only: false,
    help: "So many minutes after the anchor (before it, if negative), for sources that count from an admission. An anchor that \
           is a day means its midnight in the mapping's zone.",
};

const PERIOD: Signature = Signature {
    name: "period",
    parameters: &[moment("start"), moment("end")],
    rest: false,
    gives: &["Period"],
    argument_only: false,
    help: "A period; either end may be missing. Plain text is read as by `instant`. An end before the start is left out and \
           flagged (`end-before-start`); so is an end that cannot be read (with the flag of its reason).",
};

const IDENTIFIER: Signature = Signature {
    name: "identifier",
    parameters: &[
        required("system"),
        Parameter { takes: &[Function::Text], ..required("value") },
        optional("use"),
        optional("type_code"),
    ],
    rest: false,
    gives: &["Identifier"],
    argument_only: false,
    help: "An identifier. `{source}` in a constant system is the source's name. Full-width digits and letters become plain ones. `type_code` is of HL7's table 0203 (`MR`, `SS`, \
           `NNCHN` …). A Chinese identity number (`NNCHN`, or system `urn:oid:2.16.156.10011.1.3`) whose check digit or date is \
           wrong is kept and flagged (`identity-check`).",
};

const NAME: Signature = Signature {
    name: "name",
    parameters: &[Parameter { required: true, ..words("text") }, words("given")],
    rest: true,
    gives: &["HumanName"],
    argument_only: false,
    help: "A person's name. One argument is the name as written, which is never taken apart; with more, the first is the \
           family name and the others are given names. No letter is changed.",
};

const ADDRESS: Signature = Signature {
    name: "address",
    parameters: &[
        Parameter { required: true, ..words("line") },
        words("city"),
        words("district"),
        words("state"),
        words("postal"),
        words("country"),
    ],
    rest: false,
    gives: &["Address"],
    argument_only: false,
    help: "An address; line breaks separate its lines. Any part may be NULL.",
};

const TEXT: Signature = Signature {
    name: "text",
    parameters: &[required("value")],
    rest: false,
    gives: &[
        "string",
        "markdown",
        "code",
        "id",
        "uri",
        "url",
        "canonical",
        "oid",
        "uuid",
        "base64Binary",
        "CodeableConcept",
        "Annotation",
    ],
    argument_only: false,
    help: "Text as FHIR wants it: no white space at its ends, no control characters (flagged `control-characters`), no more than \
           1 MiB (`too-long`). Nothing but white space is no value. For a CodeableConcept it is its text, for \
           an Annotation too; for a base64Binary its UTF-8 in base64.",
};

const REF: Signature = Signature {
    name: "ref",
    parameters: &[constant("target"), required("key")],
    rest: true,
    gives: &["Reference"],
    argument_only: false,
    help: "A reference to the resource that `TARGET` of this mapping makes of these keys (a resource type, or the name after \
           `as`). If any key is NULL there is no reference.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_functions_are_found_by_name_in_any_case() {
        for function in Function::ALL {
            let name = function.signature().name;
            assert_eq!(Function::named(name), Some(function));
            assert_eq!(Function::named(&name.to_uppercase()), Some(function));
        }
        assert_eq!(Function::named("coalesce"), None);
    }

    #[test]
    fn optional_parameters_come_last_and_types_exist() {
        let schema = fhir::schema::r4();
        for function in Function::ALL {
            let signature = function.signature();
            let optional = signature.parameters.iter().skip_while(|parameter| parameter.required);
            assert!(optional.clone().all(|parameter| !parameter.required), "{}", signature.name);
            for name in signature.gives.iter().chain(signature.parameters.iter().map(|parameter| &parameter.fhir_type))
            {
                assert!(schema.type_id(name).is_some(), "{name}");
                assert!(crate::value::Slot::of_type(name).is_some(), "{name}");
            }
            for parameter in signature.parameters {
                for nested in parameter.takes {
                    assert!(
                        nested.signature().gives.contains(&parameter.fhir_type),
                        "{} in {}",
                        nested.signature().name,
                        signature.name
                    );
                }
            }
        }
    }

    #[test]
    fn usage_shows_constants_and_what_may_be_left_out() {
        let usages: Vec<_> = Function::ALL.iter().map(|function| function.signature().usage()).collect();
        expect_test::expect![[r#"
            code(MAP, value[, display])
            quantity(value[, unit])
            unit(MAP, value)
            range(value[, unit])
            number(value)
            date(value[, FORMAT])
            instant(value[, FORMAT[, ZONE]])
            at_offset(minutes, anchor)
            period(start, end)
            identifier(system, value[, use[, type_code]])
            name(text[, given…])
            address(line[, city[, district[, state[, postal[, country]]]]])
            text(value)
            ref(TARGET, key…)"#]]
        .assert_eq(&usages.join("\n"));
    }
}
