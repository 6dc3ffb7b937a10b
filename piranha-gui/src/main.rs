//! piranha-gui: the web page on port 3636 that shows a pair of routers and edits lvs.cf.
//!
//! A request comes in through the [`server`], is looked at by the gate, and is answered by one of the [`pages`]. What they
//! share is the [`site::Site`]: the file as it is ([`file`]), who saves it ([`saving`]), what was done ([`notice`]). Forms
//! are made of [`field`]s, carry a [`token`] and what they were made from ([`base`]), become an [`edit`] of the file, and
//! [`accept`] saves it.

#![allow(dead_code, unused_imports, reason = "the pages that use the rest are being built")]

mod accept;
mod after_save;
mod answer;
mod asked;
mod base;
mod begun;
mod check;
mod confirm;
mod edit;
mod field;
mod file;
mod form;
mod frame;
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
mod rules;
mod running;
mod saving;
mod server;
mod site;
mod style;
mod switch;
mod token;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use service::log::{self, Destination};

use crate::file::LvsCf;
use crate::options::Options;
use crate::saving::Helper;
use crate::site::{Places, Site};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    log::init(
        "piranha-gui",
        if options.nodaemon { Destination::Terminal } else { Destination::Syslog },
        false,
    );
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> anyhow::Result<()> {
    let site =
        Site::new(LvsCf::at(options.lvs_cf.clone()), Helper::for_file(&options.lvs_cf), Places::of(options))?;
    server::serve(Arc::new(site), options).await
}
