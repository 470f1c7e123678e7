use super::*;
use proptest::prelude::*;

fn check(code: &str, unit: &str, factor: f64) {
    let found = canonical(code).unwrap_or_else(|| panic!("{code} is not known"));
    assert_eq!((found.unit.as_str(), found.factor), (unit, factor), "{code}");
}

#[test]
fn clinical_units_become_base_units() {
    check("mg/dL", "g.m-3", 10.0);
    check("ug/mL", "g.m-3", 1.0);
    check("mmol/L", "mol.m-3", 1.0);
    check("10*9/L", "m-3", 1e12);
    check("10*3/uL", "m-3", 1e12);
    check("/min", "s-1", 1.0 / 60.0);
    check("{beats}/min", "s-1", 1.0 / 60.0);
    check("mm[Hg]", "g.m-1.s-2", 133322.0);
    check("cm[H2O]", "g.m-1.s-2", 98066.5);
    check("kg/m2", "g.m-2", 1000.0);
    check("%", "1", 0.01);
    check("[lb_av]", "g", 453.59237);
    check("[in_i]", "m", 0.0254);
    check("m[IU]/L", "m-3.[IU]", 1.0);
    check("[iU]/mL", "m-3.[IU]", 1e6);
    check("mL/min/{1.73_m2}", "m3.s-1", 1e-6 / 60.0);
    check("mL/(min.kg)", "g-1.m3.s-1", 1e-9 / 60.0);
    check("U/L", "mol.m-3.s-1", 1e-3 / 60.0);
    check("1", "1", 1.0);
    check("{score}", "1", 1.0);
    check("fL", "m3", 1e-18);
    check("pg", "g", 1e-12);
    check("mV", "g.m2.s-2.C-1", 1.0);
    check("min", "s", 60.0);
    check("wk", "s", 604800.0);
    check("meq/L", "mol.m-3", 1.0);
    check("nm", "m", 1e-9);
    check("dyn.s/cm5", "g.m-4.s-1", 1e8);
}

#[test]
fn temperatures_keep_their_zero() {
    let celsius = canonical("Cel").unwrap();
    assert_eq!((celsius.factor, celsius.offset), (1.0, 273.15));
    let fahrenheit = canonical("[degF]").unwrap();
    assert!((98.6 * fahrenheit.factor + fahrenheit.offset - 310.15).abs() < 1e-9);
    let unit = Unit::parse("[degF]").unwrap();
    let kelvin = unit.to_base(Decimal::parse("98.6").unwrap()).unwrap();
    assert_eq!(kelvin, Decimal::parse("310.15").unwrap());
    assert_eq!(Unit::parse("Cel").unwrap().from_base(kelvin).unwrap(), Decimal::parse("37").unwrap());
    assert!(canonical("Cel/min").is_none(), "a scale with its own zero has no products");
}

#[test]
fn values_of_any_size_come_to_one_number_in_every_unit() {
    let base = |text: &str, code: &str| {
        let value = crate::magnitude::Magnitude::parse(text).unwrap();
        Unit::parse(code).unwrap().to_base_f64(value).unwrap()
    };
    for (a, b) in [
        (("5.4", "mg/dL"), ("0.054", "g/L")),
        (("3e-9", "amol/L"), ("3e-15", "pmol/L")),
        (("0.000000000000000012", "fL"), ("1.2e-17", "um3")),
        (("1.5e-31", "g"), ("1.5e-34", "kg")),
        (("98.6", "[degF]"), ("37", "Cel")),
        (("37", "Cel"), ("310.15", "K")),
        (("72", "/min"), ("1.2", "/s")),
        (("1e30", "kg"), ("1e36", "mg")),
        (("7", "d"), ("1", "wk")),
    ] {
        assert_eq!(base(a.0, a.1).to_bits(), base(b.0, b.1).to_bits(), "{a:?} {b:?}");
    }
    assert_eq!(base("1.5e-31", "g").to_bits(), 1.5e-31_f64.to_bits());
    assert!(base("-2e-40", "g") < 0.0);
}

#[test]
fn what_is_no_unit_is_none() {
    for code in ["", "[s]", "lbs", "mg/", "/", "m--2", "(m", "m)", "{x", "kmin", "beats/minute", "mg dL", "0", "10*999"]
    {
        assert!(canonical(code).is_none(), "{code}");
    }
}

#[test]
fn arbitrary_units_compare_with_themselves_alone() {
    assert!(comparable("[IU]/L", "m[iU]/mL"));
    assert!(!comparable("[IU]/L", "[arb'U]/L"));
    assert!(!comparable("[IU]", "1"));
    assert!(comparable("cm", "[in_i]"));
    assert!(!comparable("cm", "s"));
    assert!(!comparable("mol/L", "/L"));
}

proptest! {
    #[test]
    fn any_text_is_a_unit_or_none(text in "[a-zA-Z0-9\\[\\]{}()./*^'%+-]{0,24}") {
        let _ = canonical(&text);
    }

    #[test]
    fn a_value_comes_back_from_base_units(
        value in -1_000_000_i64..1_000_000,
        code in prop::sample::select(vec!["mg/dL", "[in_i]", "Cel", "[degF]", "mm[Hg]", "wk", "10*9/L"]),
    ) {
        let unit = Unit::parse(code).unwrap();
        let value = Decimal::from(i128::from(value));
        let back = unit.from_base(unit.to_base(value).unwrap()).unwrap();
        prop_assert!(back.checked_sub(value).unwrap().abs() <= Decimal::parse("0.000000001").unwrap());
    }
}
