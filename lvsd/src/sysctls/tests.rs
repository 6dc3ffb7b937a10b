use std::fs;
use std::path::PathBuf;

use lvs_cf::{Config, NumbersOnly};

use super::{NO_DESTINATION, QUIESCENT_TEMPLATE, Step, Switch, Sysctls, step, wanted};
use crate::plan::{Mode, Plan};

#[test]
fn a_switch_is_taken_kept_and_given_back() {
    for (on, now, before, then) in [
        (true, 0, None, Step::Take(0)),
        (true, 1, Some(0), Step::Nothing),
        (true, 0, Some(0), Step::TakeAgain),
        (false, 1, Some(0), Step::Restore(0)),
        (false, 0, Some(0), Step::Forget),
        // The administrator's own.
        (true, 1, None, Step::Nothing),
        (false, 1, None, Step::Nothing),
        (false, 0, None, Step::Nothing),
    ] {
        assert_eq!(step(on, now, before), then, "wanted {on}, is {now}, was {before:?}");
    }
}

#[test]
fn templates_matter_only_with_persistence_and_both_only_if_wished() {
    let wanted = |wish: &str, persistent: u32| {
        let text = format!(
            "{wish}virtual web {{\nactive = 1\naddress = 10.0.0.9 eth0:1\npersistent = {persistent}\n}}\n"
        );
        let config = Config::parse(text.as_bytes(), &NumbersOnly).unwrap().config;
        wanted(&config, &Plan::new(&config, Mode { nodaemon: false, verbose: false })).map(|(_, on)| on)
    };
    assert_eq!(wanted("", 60), [true, true]);
    assert_eq!(wanted("", 0), [true, false]);
    assert_eq!(wanted("#% expire_persistence = 0\n", 60), [false, false]);
}

/// Files in place of the kernel's.
struct Fake {
    directory: PathBuf,
    sysctls: Sysctls,
}

impl Fake {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("lvsd-sysctls-{name}-{}", std::process::id()));
        let (kernel, memory) = (directory.join("vs"), directory.join("run/sysctls"));
        fs::create_dir_all(&kernel).unwrap();
        let fake = Self { directory, sysctls: Sysctls { kernel, memory } };
        fake.set(NO_DESTINATION, "0\n");
        fake.set(QUIESCENT_TEMPLATE, "0\n");
        fake
    }

    fn set(&self, switch: Switch, value: &str) {
        fs::write(self.sysctls.kernel.join(switch.name), value).unwrap();
    }

    fn values(&self) -> [String; 2] {
        let value = |switch: Switch| fs::read_to_string(self.sysctls.kernel.join(switch.name)).unwrap();
        [NO_DESTINATION, QUIESCENT_TEMPLATE].map(value).map(|value| value.trim().to_owned())
    }

    fn remembered(&self) -> usize {
        fs::read_dir(&self.sysctls.memory).map_or(0, Iterator::count)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.directory).unwrap();
    }
}

const BOTH: [(Switch, bool); 2] = [(NO_DESTINATION, true), (QUIESCENT_TEMPLATE, true)];

#[test]
fn a_killed_lvsd_is_no_reason_to_forget() {
    let fake = Fake::new("killed");
    fake.sysctls.bring_about(&BOTH);
    assert_eq!(fake.values(), ["1", "1"]);
    // The next one knows nothing but the files.
    let next = Sysctls { kernel: fake.sysctls.kernel.clone(), memory: fake.sysctls.memory.clone() };
    next.bring_about(&BOTH);
    next.restore();
    assert_eq!((fake.values(), fake.remembered()), (["0".to_owned(), "0".to_owned()], 0));
}

#[test]
fn what_the_administrator_has_on_stays_on() {
    let fake = Fake::new("administrator");
    fake.set(QUIESCENT_TEMPLATE, "1\n");
    fake.sysctls.bring_about(&BOTH);
    fake.sysctls.restore();
    assert_eq!((fake.values(), fake.remembered()), (["0".to_owned(), "1".to_owned()], 0));
}

#[test]
fn a_missing_switch_does_not_keep_the_other_from_work() {
    let fake = Fake::new("missing");
    fs::remove_file(fake.sysctls.kernel.join(NO_DESTINATION.name)).unwrap();
    let trouble = fake.sysctls.set(NO_DESTINATION, true).unwrap_err();
    assert!(trouble.contains("expire_nodest_conn: No such file"), "{trouble}");
    fake.sysctls.bring_about(&BOTH);
    fake.set(NO_DESTINATION, "0\n");
    assert_eq!(fake.values(), ["0", "1"]);
    fake.sysctls.restore();
    assert_eq!(fake.values(), ["0", "0"]);
}
