//! Numbers that look random and are the same for the same seed (SplitMix64).

use metadata::Oid;
use uuid::Uuid;

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of one of several who share a seed.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        random.next();
        random
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Whether something that happens so often in a hundred happens now.
    pub(crate) fn percent(&mut self, often: u64) -> bool {
        self.below(100) < often
    }

    /// One of these; none of none.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let index = self.below(all.len().max(1) as u64);
        all.get(usize::try_from(index).unwrap())
    }

    /// A UUID.
    pub(crate) fn uuid(&mut self) -> Uuid {
        let bytes = (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes();
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// An OID that nobody else has.
    pub(crate) fn oid(&mut self) -> Oid {
        Oid::from_uuid(self.uuid())
    }
}

/// What a document holds: told by its seed and length, made when it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// Where its numbers start.
    pub(crate) seed: u64,
    /// How many bytes.
    pub(crate) length: usize,
}

impl Bytes {
    /// The bytes.
    pub(crate) fn make(self) -> Vec<u8> {
        let mut random = Random(self.seed);
        let mut bytes: Vec<u8> =
            (0..self.length.div_ceil(8)).flat_map(|_| random.next().to_le_bytes()).collect();
        bytes.truncate(self.length);
        bytes
    }
}
