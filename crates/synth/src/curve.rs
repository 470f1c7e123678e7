//! Values over time, as points with straight lines between them.

/// Points (time, value) in the order of time; before the first and after the last the value stays.
pub(crate) type Curve = &'static [(f64, f64)];

/// The value at `at`; `None` of a curve without points.
pub(crate) fn value(curve: Curve, at: f64) -> Option<f64> {
    let after = curve.iter().position(|(time, _)| *time > at);
    match after {
        None => curve.last().map(|(_, value)| *value),
        Some(0) => curve.first().map(|(_, value)| *value),
        Some(after) => {
            let (from, to) = (curve[after - 1], curve[after]);
            Some(from.1 + (to.1 - from.1) * (at - from.0) / (to.0 - from.0))
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_curve_is_straight_between_its_points_and_level_outside() {
        let curve = &[(0.0, 10.0), (10.0, 20.0)];
        let at = |at| super::value(curve, at).map(|value| value as i64);
        assert_eq!([at(-5.0), at(0.0), at(5.0), at(10.0), at(99.0)], [10, 10, 15, 20, 20].map(Some));
        assert_eq!(super::value(&[], 1.0), None);
    }
}
