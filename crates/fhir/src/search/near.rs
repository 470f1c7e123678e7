//! `near`: places within a distance of a point.

use super::escape;
use crate::magnitude::Magnitude;
use crate::ucum::Unit;

/// The mean radius of the earth in metres (IUGG). A sphere is wrong by half a per cent at most.
const EARTH_M: f64 = 6_371_008.8;

/// A circle on the earth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearMatch {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Metres from the centre.
    pub radius_m: f64,
}

impl NearMatch {
    /// Whether a place lies within the circle.
    pub fn matches(&self, latitude: f64, longitude: f64) -> bool {
        self.distance_m(latitude, longitude) <= self.radius_m
    }

    /// Metres along the great circle, by the haversine formula.
    fn distance_m(&self, latitude: f64, longitude: f64) -> f64 {
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let flat = self.latitude.to_radians().cos() * latitude.to_radians().cos();
        let h = half(latitude - self.latitude) + flat * half(longitude - self.longitude);
        2.0 * EARTH_M * h.clamp(0.0, 1.0).sqrt().asin()
    }
}

/// `latitude|longitude|distance|units`; the units are UCUM and kilometres by default.
pub(super) fn read(raw: &str) -> Result<NearMatch, String> {
    let parts: Vec<_> = escape::split(raw, '|').map(escape::unescape).collect();
    let (latitude, longitude, distance, unit) = match &parts[..] {
        [latitude, longitude, distance] => (latitude, longitude, distance, "km"),
        [latitude, longitude, distance, unit] if unit.is_empty() => (latitude, longitude, distance, "km"),
        [latitude, longitude, distance, unit] => (latitude, longitude, distance, unit.as_ref()),
        _ => return Err("expected latitude|longitude|distance or latitude|longitude|distance|units".to_owned()),
    };
    let degrees = |text: &str, most: f64, name: &str| {
        let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.abs() <= most);
        number.ok_or_else(|| format!("expected a {name} in degrees between -{most} and {most}"))
    };
    let latitude = degrees(latitude, 90.0, "latitude")?;
    let longitude = degrees(longitude, 180.0, "longitude")?;
    let unit = Unit::parse(unit)
        .filter(|unit| unit.dimension.to_string() == "m")
        .ok_or_else(|| format!("\"{unit}\" is no unit of length of UCUM, as km, m or [mi_i]"))?;
    let distance = Magnitude::parse(distance).and_then(|distance| unit.to_base_f64(distance));
    let radius_m = distance
        .filter(|distance| distance.is_finite() && *distance >= 0.0)
        .ok_or_else(|| "expected a distance, 0 or more".to_owned())?;
    Ok(NearMatch { latitude, longitude, radius_m })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_earth() {
        let paris = read("48.8566|2.3522|343|km").unwrap();
        let metres = paris.distance_m(51.5074, -0.1278);
        assert!((343_000.0..344_500.0).contains(&metres), "{metres}");
        assert!(!paris.matches(51.5074, -0.1278));
        assert!(read("48.8566|2.3522|344000|m").unwrap().matches(51.5074, -0.1278));
        // Across the date line, and at a pole.
        assert!(read("0|179.9|30").unwrap().matches(0.0, -179.9));
        assert!(read("90|0|1|m").unwrap().matches(90.0, 77.0));
        assert!((read("0|0|1|[mi_i]").unwrap().radius_m - 1609.344).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_circle_is_refused() {
        for (raw, why) in [
            ("1", "expected latitude|longitude|distance or latitude|longitude|distance|units"),
            ("1|2", "expected latitude|longitude|distance or latitude|longitude|distance|units"),
            ("91|2|3", "expected a latitude in degrees between -90 and 90"),
            ("x|2|3", "expected a latitude in degrees between -90 and 90"),
            ("1|181|3", "expected a longitude in degrees between -180 and 180"),
            ("1|2|-3", "expected a distance, 0 or more"),
            ("1|2|3|kg", "\"kg\" is no unit of length of UCUM, as km, m or [mi_i]"),
        ] {
            assert_eq!(read(raw).unwrap_err(), why, "{raw}");
        }
    }
}
