//! What the commands share that verify, save and move what a node keeps: files that are whole or not there, a
//! bookmark to go on from after an interruption, and progress for who watches.

mod bookmark;
mod files;
mod folders;
mod keepers;
mod progress;

pub(crate) use bookmark::Bookmark;
pub(crate) use files::{
    copy_file, hex, is_whole, private, read_json, sync_folder, write, write_json, write_whole,
};
pub(crate) use folders::{names, refuse_others};
pub(crate) use keepers::Keepers;
pub(crate) use progress::Progress;
