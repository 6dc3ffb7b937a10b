//! What is accepted, but hardly meant.

use crate::diagnostic::{Diagnostic, Severity};

macro_rules! warnings {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $severity:ident,)*) => {
        /// Every warning with its stable name. A warning never changes what a file means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Warning {
            $($(#[$doc])* $variant,)*
        }

        impl Warning {
            /// Every warning.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its stable name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether it is a warning or a note.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

warnings! {
    /// The file ends inside a section.
    MissingCloseBrace = "missing-close-brace" Warning,
    /// Words behind a closing brace are ignored.
    TextAfterBrace = "text-after-brace" Warning,
    /// The rest of a line from a bad quote on is ignored.
    BadQuoteIgnored = "bad-quote-ignored" Warning,
    /// A `pmask` that is no address is ignored.
    PmaskIgnored = "pmask-ignored" Warning,
    /// `backup_private` is overwritten because `primary_private` is absent.
    PrivateIgnored = "private-ignored" Warning,
    /// `primary_private` without `backup_private`: half a private link.
    PrivateMissing = "private-missing" Warning,
    /// A number that does not fit 32 bits.
    NumberRange = "number-range" Warning,
    /// A port outside 1 to 65535.
    PortRange = "port-range" Warning,
    /// `syncd_id` outside 0 to 255.
    SyncdIdRange = "syncd-id-range" Warning,
    /// A time below 0.
    NegativeTime = "negative-time" Warning,
    /// `keepalive` below one second in Piranha's form counts as one.
    KeepaliveRange = "keepalive-range" Warning,
    /// `deadtime` is not above `keepalive`.
    DeadtimeTooShort = "deadtime-too-short" Warning,
    /// `deadtime` is below three times `keepalive`.
    DeadtimeShort = "deadtime-short" Warning,
    /// `announce_refresh` below one second counts as one; 0 means never.
    RefreshRange = "refresh-range" Warning,
    /// `timeout` below 1 counts as 1.
    TimeoutRange = "timeout-range" Warning,
    /// `reentry = 0` means 180.
    ReentryZero = "reentry-zero" Warning,
    /// A real server with weight 0 or below.
    WeightRange = "weight-range" Warning,
    /// An address not in plain four-part decimal.
    OddAddress = "odd-address" Warning,
    /// A mask that is not ones followed by zeros.
    OddMask = "odd-mask" Warning,
    /// A keyword given twice.
    RepeatedKeyword = "repeated-keyword" Warning,
    /// Two active virtual servers with the same address, protocol and port.
    SameService = "same-service" Warning,
    /// A real server twice in one virtual server.
    SameServer = "same-server" Warning,
    /// Single quotes are part of a text.
    SingleQuotes = "single-quotes" Warning,
    /// Something active has no address.
    NoAddress = "no-address" Warning,
    /// `port` stands below a server that took its port from the section.
    LatePort = "late-port" Warning,
    /// A keyword without effect.
    NoEffect = "no-effect" Note,
    /// Piranha would not read the file past its first line.
    CarriageReturn = "carriage-return" Warning,
    /// A firewall mark groups several virtual servers without persistence.
    MarkWithoutPersistence = "mark-without-persistence" Warning,
    /// Virtual servers with the same firewall mark differ in persistence.
    MarkPersistenceDiffers = "mark-persistence-differs" Warning,
    /// `backup_active` without an address of the backup router.
    BackupWithoutAddress = "backup-without-address" Warning,
    /// `network = nat` without `nat_router`.
    NatWithoutRouter = "nat-without-router" Warning,
    /// `monitor_links = 0` while there is a single heartbeat link.
    LinksUnwatched = "links-unwatched" Warning,
    /// `primary` and `backup` are the same address: pulse refuses that.
    SameRouters = "same-routers" Warning,
    /// `heartbeat_port` outside 1 to 65535: pulse refuses that.
    HeartbeatPortRange = "heartbeat-port-range" Warning,
    /// A device with its label is longer than the kernel takes.
    LongLabel = "long-label" Warning,
    /// An active failover service without `start_cmd` or `stop_cmd`.
    NoCommand = "no-command" Warning,
    /// A real server's port differs from its virtual server's where only NAT could change it.
    PortNotTranslated = "port-not-translated" Warning,
    /// A line that Piranha's web tool would cut when it saves the file.
    LongLine = "long-line" Note,
    /// An active virtual server has no active real server and no sorry server.
    NoServer = "no-server" Warning,
    /// A virtual server with a firewall mark of its own has no persistence, which several ports would need.
    MarkPersistenceAdvised = "mark-persistence-advised" Note,
    /// A mask or real server is of another address family than its virtual server.
    FamilyDiffers = "family-differs" Warning,
    /// Heartbeats are to be signed, but there is no key.
    AuthWithoutKey = "auth-without-key" Warning,
    /// An extension line.
    Extension = "extension" Note,
    /// An extension line with a value that Piranha could read on an ordinary line.
    ExtensionUnneeded = "extension-unneeded" Warning,
    /// A line that starts like an extension line but has no shape of one.
    ExtensionIgnored = "extension-ignored" Warning,
}

/// Warnings in the order of their finding, bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    kept: Vec<Diagnostic>,
    found: Vec<(Warning, usize)>,
}

impl Warnings {
    /// At most this many of each name are kept; the others are counted.
    pub(crate) const LIMIT: usize = 100;

    /// Keeps one more warning, which is made only if there is room for it.
    pub(crate) fn push(&mut self, warning: Warning, make: impl FnOnce() -> Diagnostic) {
        if self.count(warning) < Self::LIMIT {
            self.kept.push(make());
        }
        match self.found.iter_mut().find(|(known, _)| *known == warning) {
            Some((_, count)) => *count += 1,
            None => self.found.push((warning, 1)),
        }
    }

    /// The warnings kept: at most 100 of each name.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.kept.iter()
    }

    /// How often a warning was found.
    pub fn count(&self, warning: Warning) -> usize {
        self.found.iter().find(|(known, _)| *known == warning).map_or(0, |&(_, count)| count)
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Those found more often than kept, with the number not kept.
    pub fn more(&self) -> impl Iterator<Item = (Warning, usize)> {
        let surplus = |&(warning, count): &(Warning, usize)| (warning, count.saturating_sub(Self::LIMIT));
        self.found.iter().map(surplus).filter(|&(_, more)| more > 0)
    }

    /// Takes every one of a name out.
    pub(crate) fn take(&mut self, warning: Warning) -> Vec<Diagnostic> {
        self.found.retain(|&(known, _)| known != warning);
        let (taken, kept) =
            std::mem::take(&mut self.kept).into_iter().partition(|it: &Diagnostic| it.name == warning.name());
        self.kept = kept;
        taken
    }

    /// In the order of the lines.
    pub(crate) fn sort(&mut self) {
        self.kept.sort_by_key(|diagnostic| diagnostic.line);
    }
}
