//! Exact factors between units: a fraction of integers and a power of ten.

use crate::decimal::Decimal;
use crate::magnitude::Magnitude;

/// `numerator / denominator × 10^power`, reduced. Exact, so that 1 [in_i] is 0.0254 m and nothing near it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    numerator: i128,
    denominator: i128,
    power: i32,
}

/// Powers of ten beyond this are no unit of anything.
const POWER_LIMIT: i32 = 400;

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

impl Factor {
    /// The factor of a unit with itself.
    pub const ONE: Factor = Factor { numerator: 1, denominator: 1, power: 0 };

    fn reduced(numerator: i128, denominator: i128, power: i32) -> Option<Factor> {
        if numerator <= 0 || denominator <= 0 {
            return None;
        }
        let common = gcd(numerator, denominator);
        let (mut numerator, mut denominator, mut power) = (numerator / common, denominator / common, power);
        while numerator % 10 == 0 {
            numerator /= 10;
            power += 1;
        }
        while denominator % 10 == 0 {
            denominator /= 10;
            power -= 1;
        }
        (power.abs() <= POWER_LIMIT).then_some(Factor { numerator, denominator, power })
    }

    /// A whole number or decimal as a factor; `None` unless it is above zero.
    pub fn from_decimal(value: Decimal) -> Option<Factor> {
        Factor::reduced(value.mantissa(), 1, -(value.scale() as i32))
    }

    /// Reads the tables' `5/9` and `6.6260755e-34`.
    pub(super) fn parse(text: &str) -> Option<Factor> {
        if let Some((above, below)) = text.split_once('/') {
            return Factor::parse(above)?.times(Factor::parse(below)?.inverse());
        }
        let (number, power) = text.split_once('e').unwrap_or((text, "0"));
        Factor::from_decimal(Decimal::parse(number)?)?.times(Factor::ten_to(power.parse().ok()?)?)
    }

    pub(super) fn ten_to(power: i32) -> Option<Factor> {
        Factor::reduced(1, 1, power)
    }

    /// The product; `None` on overflow.
    pub fn times(self, other: Factor) -> Option<Factor> {
        // Crosswise first, so that the products stay small.
        let (a, b) = (gcd(self.numerator, other.denominator), gcd(other.numerator, self.denominator));
        Factor::reduced(
            (self.numerator / a).checked_mul(other.numerator / b)?,
            (self.denominator / b).checked_mul(other.denominator / a)?,
            self.power + other.power,
        )
    }

    /// One divided by this.
    pub fn inverse(self) -> Factor {
        Factor { numerator: self.denominator, denominator: self.numerator, power: -self.power }
    }

    /// Multiplied with itself `exponent` times; `None` on overflow.
    pub fn power(self, exponent: i32) -> Option<Factor> {
        let of = if exponent < 0 { self.inverse() } else { self };
        (0..exponent.unsigned_abs()).try_fold(Factor::ONE, |product, _| product.times(of))
    }

    /// `value` times this; exact where a decimal can be, else to 18 places. `None` on overflow.
    pub fn apply(self, value: Decimal) -> Option<Decimal> {
        let product = value.checked_mul(Decimal::from(self.numerator))?.shifted(self.power)?;
        if self.denominator == 1 { Some(product) } else { product.checked_div(Decimal::from(self.denominator)) }
    }

    /// `value` times this as the nearest floating-point number, whatever its size; the same one for equal products.
    pub fn scale(self, value: Magnitude) -> f64 {
        let common = gcd(value.digits(), self.denominator);
        let denominator = self.denominator / common.max(1);
        let Some(mut product) = (value.digits() / common.max(1)).checked_mul(self.numerator) else {
            return value.to_f64() * self.to_f64();
        };
        let mut power = value.power() + self.power;
        if denominator == 1 {
            return Magnitude::new(product, power).to_f64();
        }
        // As many digits as there is room for: a quotient that comes out even is exact.
        while product != 0
            && let Some(longer) = product.checked_mul(10)
        {
            product = longer;
            power -= 1;
        }
        Magnitude::new(product / denominator, power).to_f64()
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        // Through text: powers of ten round once that way, not twice.
        let numerator: f64 = format!("{}e{}", self.numerator, self.power).parse().unwrap_or(f64::NAN);
        numerator / self.denominator as f64
    }
}
