//! What all requests share.

use crate::file::LvsCf;
use crate::notice::Notices;
use crate::saving::Helper;
use crate::style;
use crate::token::Tokens;

/// One for the whole program.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) file: LvsCf,
    pub(crate) tokens: Tokens,
    pub(crate) notices: Notices,
    pub(crate) helper: Helper,
    /// Address of the style sheet, which changes with its content.
    pub(crate) style: String,
}

impl Site {
    pub(crate) fn new(file: LvsCf, helper: Helper) -> anyhow::Result<Self> {
        Ok(Self { file, tokens: Tokens::new()?, notices: Notices::default(), helper, style: style::path() })
    }
}
