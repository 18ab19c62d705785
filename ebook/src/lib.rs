//! The program: command line, node, configuration, demo, and the pages of the book.

mod book;
pub mod cli;
mod commands;
pub mod config;
pub mod domain;
pub mod exit;
mod file_content;
pub mod history;
mod keeping;
mod meters;
pub mod node;
mod output;
pub mod web;
