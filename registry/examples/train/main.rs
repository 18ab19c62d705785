//! Makes the dictionary that fragments are compressed with, and tells how well it does:
//! `cargo run --release -p registry --example train -- registry/src/store/dictionary_1.zstd`.
//!
//! It learns from objects as this program and its partners write them: dose reports described by `dose`, and other
//! documents of a regional exchange, of invented patients. The same bytes on every run, with the same zstd.

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "it says what it made, or where it failed"
)]

mod invented;
mod words;

use std::error::Error;
use std::time::Instant;

use invented::Invention;
use metadata::{Fragment, Object};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// Submissions to learn from; as many others to try it on.
const SUBMISSIONS: usize = 3_000;

/// Bytes of a dictionary at most. An entry of 8.3 KB takes 526 bytes with it, 554 with half of it, and 520 with
/// 110 KiB, which would take twice the cache.
const SIZE: usize = 64 << 10;

/// Where a dictionary has its id (RFC 8878 section 5), and what stands there: rows name theirs by a number of ours.
const ID: std::ops::Range<usize> = 4..8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut invention = Invention::new()?;
    let known = fragments(&mut invention);
    let unknown = fragments(&mut invention);
    let samples: Vec<&[u8]> = known.iter().map(|(_, fragment)| fragment.as_bytes()).collect();
    let mut dictionary = zstd::dict::from_samples(&samples, SIZE)?;
    let id = dictionary.get_mut(ID).ok_or("zstd made no dictionary")?;
    id.copy_from_slice(&1_u32.to_le_bytes());
    println!("{} samples, {} bytes of dictionary", samples.len(), dictionary.len());
    for kind in ["ExtrinsicObject", "RegistryPackage", "Association"] {
        let some: Vec<&[u8]> =
            unknown.iter().filter(|(of, _)| *of == kind).map(|(_, said)| said.as_bytes()).collect();
        for level in [1, 3, 6, 9, 12, 19] {
            tell(kind, &some, Some(&dictionary), level)?;
        }
        tell(&format!("{kind} without"), &some, None, 3)?;
    }
    if let Some(path) = std::env::args_os().nth(1) {
        std::fs::write(path, dictionary)?;
    }
    Ok(())
}

/// Invented objects as the registry keeps them, each with the name of its element.
fn fragments(invention: &mut Invention) -> Vec<(&'static str, Fragment)> {
    let objects = (0..SUBMISSIONS).flat_map(|_| invention.submission().into_objects());
    let name = |object: &Object| match object {
        Object::Entry(_) => "ExtrinsicObject",
        Object::SubmissionSet(_) | Object::Folder(_) => "RegistryPackage",
        Object::Association(_) => "Association",
    };
    objects.map(|object| (name(&object), Fragment::of(object))).collect()
}

/// Prints what fragments come to.
fn tell(
    name: &str,
    fragments: &[&[u8]],
    dictionary: Option<&[u8]>,
    level: i32,
) -> Result<(), Box<dyn Error>> {
    let encoder = EncoderDictionary::copy(dictionary.unwrap_or_default(), level);
    let decoder = DecoderDictionary::copy(dictionary.unwrap_or_default());
    let mut compressor = Compressor::with_prepared_dictionary(&encoder)?;
    compressor.include_dictid(false)?;
    compressor.include_checksum(true)?;
    let mut decompressor = Decompressor::with_prepared_dictionary(&decoder)?;
    let count = fragments.len() as f64;
    let start = Instant::now();
    let packed: Vec<Vec<u8>> =
        fragments.iter().map(|fragment| compressor.compress(fragment)).collect::<Result<_, _>>()?;
    let packing = start.elapsed().as_secs_f64() * 1e6 / count;
    let start = Instant::now();
    for (fragment, packed) in fragments.iter().zip(&packed) {
        assert_eq!(decompressor.decompress(packed, fragment.len())?.len(), fragment.len());
    }
    let unpacking = start.elapsed().as_secs_f64() * 1e6 / count;
    let (said, kept): (usize, usize) =
        (fragments.iter().map(|said| said.len()).sum(), packed.iter().map(Vec::len).sum());
    println!(
        "{name:26} level {level:2}: {:6.0} bytes, {:5.0} kept; {packing:5.1} us, {unpacking:4.1} us back",
        said as f64 / count,
        kept as f64 / count
    );
    Ok(())
}
