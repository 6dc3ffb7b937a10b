//! piranha-gui: the web page on port 3636 that shows a pair of routers and edits lvs.cf.
//!
//! [`start`] opens what needs root and gives that up. A request comes in through the [`server`], is looked at by the
//! [`gate`], and is answered by one of the [`pages`], or by a [`refusal`]. What pages share is the [`site::Site`]: the file
//! as it is ([`file`]), who saves it ([`saving`]), what was done ([`notice`]). Forms are made of [`field`]s, carry a
//! [`token`] and what they were made from ([`base`]), become an [`edit`] of the file, and [`accept`] saves it.

mod accept;
mod after_save;
mod answer;
mod asked;
mod base;
mod begun;
mod check;
mod comparison;
mod confirm;
mod edit;
mod field;
mod file;
mod form;
mod frame;
mod gate;
mod input;
mod list;
mod live;
mod lvsd;
mod masks;
mod more;
mod notice;
mod options;
mod own;
mod page;
mod pages;
mod recipe;
mod refusal;
mod rules;
mod running;
mod saving;
mod section;
mod server;
mod site;
mod start;
mod style;
mod switch;
mod token;

use std::process::ExitCode;

use clap::Parser as _;

use crate::options::Options;

fn main() -> ExitCode {
    match start::run(&Options::parse()) {
        Ok(status) => status.into(),
        Err(refusal) => {
            eprintln!("piranha-gui: {}", refusal.reason);
            refusal.status.into()
        }
    }
}
