//! Notes the date of the build, which `--version` prints as Piranha did.

use time::OffsetDateTime;
use time::macros::format_description;

fn main() {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-changed=build.rs");
    // https://reproducible-builds.org/specs/source-date-epoch/
    let built = std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok())
        .unwrap_or_else(OffsetDateTime::now_utc);
    let date = built.format(format_description!("[day]/[month repr:short]/[year]")).unwrap_or_default();
    println!("cargo::rustc-env=PIRANHA_BUILT={date}");
}
