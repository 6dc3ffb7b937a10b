//! What no machine of the lab can do, why, and what covers it.

use lab::Machine;

use super::block::{Block, GUIDES, Guide};
use super::migration;

/// A block that is not run as it stands.
pub(super) struct LeftOut {
    pub(super) guide: &'static str,
    /// How its first line begins, or the path of a file.
    pub(super) begins: &'static str,
    pub(super) why: &'static str,
    pub(super) covered_by: &'static str,
    pub(super) instead: Instead,
}

/// What the lab does in its place.
pub(super) enum Instead {
    Nothing,
    /// The same by other means, so that the story can go on.
    Deed(fn(&Machine)),
    /// The kernel may lack it: then only that it is understood.
    WordsAlone,
}

const README: &str = "README.md";
const QUICK_START: &str = "docs/quick-start.md";
const MIGRATION: &str = "docs/migration.md";
const MARKS: &str = "docs/firewall-marks.md";
const REAL_SERVERS: &str = "docs/real-servers.md";

const NO_SYSTEMD: &str = "the machines of these stories have no systemd";
const NO_RPM: &str = "Debian has no database of rpm, and the package of old is not ours to give";
const NO_SELINUX: &str = "the lab's kernel has no SELinux policy";
const NO_NFT: &str =
    "user-mode-linux has nf_tables without a single family; where the kernel has them it is run";

const TABLE: &[LeftOut] = &[
    LeftOut {
        guide: README,
        begins: "./demo",
        why: "it is the lab itself, with a tale about it",
        covered_by: "./test, which builds it; it is made of what these tests are made of",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: README,
        begins: "service pulse stop\n./install",
        why: "it builds; a machine of the lab has programs and scripts already",
        covered_by: "the tests of ./install; each run of the lab, which is installed by it for the tests of the units",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: README,
        begins: "packaging/deb",
        why: "it builds for many minutes",
        covered_by: "the tests of the packages, and in the lab packages::a_pair_that_had_piranha_serves_with_the_package_and_is_upgraded_under_way",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: QUICK_START,
        begins: "./install",
        why: "it builds; a machine of the lab has programs and scripts already",
        covered_by: "the tests of ./install",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: QUICK_START,
        begins: "systemctl enable pulse",
        why: NO_SYSTEMD,
        covered_by: "systemd::a_pair_comes_up_at_boot_and_hands_over, which runs this very block",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: QUICK_START,
        begins: "chkconfig --level 35 pulse on",
        why: "Debian has no chkconfig",
        covered_by: "the header that it reads, by the tests of the init scripts",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: QUICK_START,
        begins: "ssh -L 3636",
        why: "a session that stays open, on a computer that is not of the lab",
        covered_by: "migration_from_piranha, which asks the page on the router itself",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: MARKS,
        begins: "nft add table ip lvs",
        why: NO_NFT,
        covered_by: "the same rules by iptables, which are played beside it",
        instead: Instead::WordsAlone,
    },
    LeftOut {
        guide: REAL_SERVERS,
        begins: "nmcli connection add",
        why: "no NetworkManager runs in the lab",
        covered_by: "the same address by hand, which is played in the same section",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: REAL_SERVERS,
        begins: "service arptables_jf save",
        why: "a service of RHEL 5 and 6",
        covered_by: "the rules themselves, which are played in the same section",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: REAL_SERVERS,
        begins: "nft -f /etc/nftables/lvs.nft",
        why: NO_NFT,
        covered_by: "the same rule by iptables, which is played in the same section",
        instead: Instead::WordsAlone,
    },
    LeftOut {
        guide: MIGRATION,
        begins: "rpm -q piranha",
        why: NO_RPM,
        covered_by: "the tests of the packages",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: MIGRATION,
        begins: "mkdir -p /var/tmp/new && cd /var/tmp/new\nrpm2cpio",
        why: NO_RPM,
        covered_by: "the tests of the packages",
        instead: Instead::Deed(migration::unpack_lvsd),
    },
    LeftOut {
        guide: MIGRATION,
        begins: "rpm -Uvh /var/tmp/piranha-0.9.0",
        why: NO_RPM,
        covered_by: "the tests of the packages",
        instead: Instead::Deed(migration::install_ours),
    },
    LeftOut {
        guide: MIGRATION,
        begins: "rpm -Uvh --oldpackage",
        why: NO_RPM,
        covered_by: "the tests of the packages",
        instead: Instead::Deed(migration::install_piranha),
    },
    LeftOut {
        guide: MIGRATION,
        begins: "rsync -a root@OLD-ROUTER",
        why: "the name stands for a computer of the reader",
        covered_by: "the tests of ./install over files of an old router",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: MIGRATION,
        begins: "systemctl daemon-reload",
        why: NO_SYSTEMD,
        covered_by: "systemd::a_pair_comes_up_at_boot_and_hands_over, which runs this very block",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: MIGRATION,
        begins: "restorecon -v /usr/sbin/pulse",
        why: NO_SELINUX,
        covered_by: "nothing: it needs a kernel with a policy",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: MIGRATION,
        begins: "semanage fcontext",
        why: NO_SELINUX,
        covered_by: "nothing: it needs a kernel with a policy",
        instead: Instead::Nothing,
    },
    LeftOut {
        guide: MIGRATION,
        begins: "firewall-cmd",
        why: "no firewalld runs in the lab",
        covered_by: "the tests of the units, which read the services",
        instead: Instead::Nothing,
    },
];

/// The entry for this block.
pub(super) fn entry(block: &Block) -> Option<&'static LeftOut> {
    TABLE.iter().find(|entry| entry.guide == block.guide && block.begins_with(entry.begins))
}

/// Entries for blocks that do not exist, or that say too little.
pub(super) fn faults() -> Vec<String> {
    let blocks: Vec<Block> = GUIDES.iter().flat_map(|path| Guide::read(path).blocks).collect();
    let unknown = TABLE.iter().filter(|left_out| {
        !blocks.iter().any(|block| block.guide == left_out.guide && block.begins_with(left_out.begins))
    });
    let silent = TABLE.iter().filter(|left_out| left_out.why.is_empty() || left_out.covered_by.is_empty());
    let unknown = unknown.map(|entry| format!("{}: no block begins with {:?}", entry.guide, entry.begins));
    unknown.chain(silent.map(|entry| format!("{}: say why, and what covers it", entry.begins))).collect()
}
