//! Chance that repeats: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014),
//! started from a seed and the name of what it is for. What is drawn for one thing does not depend on what was drawn for others.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    /// The stream of `seed` for `keys`.
    pub(crate) fn new(seed: u64, keys: &[u64]) -> Self {
        let mut state = mix(seed.wrapping_add(GOLDEN_GAMMA));
        for key in keys {
            state = mix(state.wrapping_add(GOLDEN_GAMMA) ^ mix(key.wrapping_add(GOLDEN_GAMMA)));
        }
        Random(state)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// A number below `bound`, which is not 0. The bias is below 2⁻⁴⁰ for the bounds used here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound
    }

    /// A number in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal, mean 0, deviation 1, never beyond 3.5: the sum of four uniform numbers.
    pub(crate) fn bell(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 3f64.sqrt()
    }

    /// `count` decimal digits, the first not 0.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|at| char::from(b'0' + if at == 0 { 1 + self.below(9) } else { self.below(10) } as u8)).collect()
    }
}
