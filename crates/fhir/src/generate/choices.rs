//! A stream of choices.

/// Choices read from bytes: numbers and bits that decide what is made. When the bytes run out every choice is the first.
#[derive(Debug)]
pub struct Choices<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Choices<'b> {
    /// Choices by these bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        Choices { bytes, at: 0 }
    }

    /// Bytes for a seed, for those who have no source of their own: the same for the same seed.
    pub fn bytes(seed: u64, count: usize) -> Vec<u8> {
        // SplitMix64 (Steele, Lea, Flood 2014).
        let mut state = seed;
        let mut words = std::iter::repeat_with(|| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        });
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(words.next().unwrap_or_default().to_le_bytes());
        }
        bytes
    }

    /// A number below `limit`, which is at least one.
    pub fn below(&mut self, limit: usize) -> usize {
        let Some(first) = self.bytes.get(self.at) else { return 0 };
        self.at += 1;
        let mut number = usize::from(*first);
        if limit > 256 {
            number = number << 8 | usize::from(self.bytes.get(self.at).copied().unwrap_or_default());
            self.at += 1;
        }
        number % limit
    }

    /// True in about one of `count` cases, and never once the bytes have run out.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    /// One of a list that has something.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}
