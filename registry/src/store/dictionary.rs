//! The dictionaries that fragments are compressed with (design D3).
//!
//! A row names its dictionary by number, 0 for none. A dictionary that was ever released is never changed and
//! never taken away, or else what was registered with it is lost; a better one gets the next number.
//! `cargo run --release -p registry --example train` makes one.

use std::cell::RefCell;
use std::io;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// The dictionaries by their numbers, from 1.
pub(super) const DICTIONARIES: [&[u8]; 1] = [include_bytes!("dictionary_1.zstd")];

/// The number of the dictionary that new fragments are compressed with.
pub(super) const CURRENT: i64 = DICTIONARIES.len() as i64;

/// The level at which a fragment shrinks well for what it costs: an entry of 8.3 KB to 526 bytes, with level 1 to
/// 540 in hardly less time, with level 6 to 424 in three times as much (`train` prints it).
const LEVEL: i32 = 3;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARIES.last().copied().unwrap_or_default(), LEVEL));

static DECODERS: LazyLock<Vec<DecoderDictionary<'static>>> =
    LazyLock::new(|| DICTIONARIES.into_iter().map(DecoderDictionary::copy).collect());

thread_local! {
    // A context is large and costs more to make than to use.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSORS: RefCell<Vec<(i64, Decompressor<'static>)>> = const { RefCell::new(Vec::new()) };
}

/// Compresses with the current dictionary.
pub(super) fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| match kept {
        Some(compressor) => compressor.compress(bytes),
        None => kept.insert(compressor()?).compress(bytes),
    })
}

fn compressor() -> io::Result<Compressor<'static>> {
    let mut compressor = Compressor::with_prepared_dictionary(&ENCODER)?;
    // The row names its dictionary.
    compressor.include_dictid(false)?;
    compressor.include_checksum(true)?;
    Ok(compressor)
}

/// Decompresses what has so many bytes, with the dictionary of that number.
pub(super) fn decompress(number: i64, bytes: &[u8], size: usize) -> io::Result<Vec<u8>> {
    if !is_known(number) {
        return Err(io::Error::other(format!("dictionary {number} is none that this release has")));
    }
    DECOMPRESSORS.with_borrow_mut(|kept| match kept.iter_mut().find(|(kept, _)| *kept == number) {
        Some((_, decompressor)) => decompressor.decompress(bytes, size),
        None => {
            let mut decompressor = decompressor(number)?;
            let decompressed = decompressor.decompress(bytes, size)?;
            kept.push((number, decompressor));
            Ok(decompressed)
        }
    })
}

/// Whether that is the number of a dictionary, or of none.
pub(super) fn is_known(number: i64) -> bool {
    (0..=CURRENT).contains(&number)
}

fn decompressor(number: i64) -> io::Result<Decompressor<'static>> {
    match usize::try_from(number - 1).ok().and_then(|place| DECODERS.get(place)) {
        Some(dictionary) => Decompressor::with_prepared_dictionary(dictionary),
        None => Decompressor::new(),
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// What is registered can be read only with the very same dictionary.
    #[test]
    fn a_dictionary_never_changes() {
        let released = ["cf2a15234402a1fcdee5be2bdfeb5c52432bf92f3d16765d7202ab625dfa550e"];
        let hash = |dictionary: &[u8]| -> String {
            Sha256::digest(dictionary).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let hashes = DICTIONARIES.map(hash);
        assert_eq!(hashes, released);
    }

    #[test]
    fn what_was_compressed_without_or_with_any_dictionary_is_read() {
        let said = b"<rim:ExtrinsicObject/>".repeat(9);
        let old = zstd::bulk::compress(&said, LEVEL).unwrap();
        assert_eq!(decompress(0, &old, said.len()).unwrap(), said);
        let new = compress(&said).unwrap();
        assert_eq!(decompress(CURRENT, &new, said.len()).unwrap(), said);
        assert_eq!(decompress(CURRENT, &new, said.len()).unwrap(), said);
        let later = decompress(CURRENT + 1, &new, said.len()).unwrap_err();
        assert!(later.to_string().contains("is none that this release has"), "{later}");
        assert!(decompress(-1, &new, said.len()).is_err());
    }

    #[test]
    fn a_flipped_bit_never_gives_something_else() {
        let said: Vec<u8> = (0..2_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let compressed = compress(&said).unwrap();
        for place in 0..compressed.len() {
            let mut flipped = compressed.clone();
            flipped[place] ^= 4;
            let read = decompress(CURRENT, &flipped, said.len());
            assert!(read.is_err() || read.is_ok_and(|read| read == said), "byte {place}");
        }
    }
}
