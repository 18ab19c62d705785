//! Writes the sample dose reports as files, to try a node or another reader with:
//! `cargo run -p dose --example samples -- FOLDER`.

#![expect(clippy::print_stdout, reason = "it says what it wrote")]

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map_or_else(|| PathBuf::from("samples"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    for sample in dose::sample::all() {
        let path = folder.join(format!("{}.dcm", sample.name));
        fs::write(&path, &sample.bytes)?;
        println!("{}", path.display());
    }
    Ok(())
}
