//! What programs read: `/metrics` and `/api/v1/status` (`docs/api.md`).

use std::sync::Arc;

use lvs_cf::Place;

use crate::answer::Answer;
use crate::edit::joined;
use crate::file::Present;
use crate::live::api::{self, File, Lvsd, Pulse, Told};
use crate::live::clock;
use crate::live::metrics::Facts;
use crate::site::Site;

/// The numbers.
pub(crate) async fn metrics(site: &Site) -> Answer {
    let (daemon, pulse) = site.live.daemon().await;
    let present = site.file.present().ok();
    Answer::Metrics(Arc::new(Facts {
        running: daemon.is_running(),
        pulse,
        reading: site.live.reading(),
        saved: present.as_ref().map(|present| present.fingerprint.clone()),
        serial_no: present.as_deref().and_then(serial_no),
        age: site.live.age(),
    }))
}

/// All that is known.
pub(crate) async fn status(site: &Site) -> Answer {
    let (daemon, heard) = site.live.daemon().await;
    let reading = site.live.reading();
    let ((status, pulse_problem), (overview, lvsd_problem)) = (api::apart(&heard), api::apart(&reading.lvsd));
    let told = Told {
        version: api::VERSION,
        at: clock::now(),
        file: file(site, status.map(|status| status.fingerprint.as_str())),
        pulse: Pulse { running: daemon.is_running(), problem: pulse_problem, status },
        lvsd: Lvsd { at: reading.at, problem: lvsd_problem, overview },
    };
    // Nothing in it has no form as JSON.
    let body = serde_json::to_string(&told).unwrap_or_default();
    Answer::Data { content_type: "application/json", body }
}

fn file(site: &Site, in_force: Option<&str>) -> File {
    let path = site.file.path();
    let present = site.file.present();
    let problem = match &present {
        Ok(present) => present.config.as_ref().err().map(|errors| errors.render_first(path, 1)),
        Err(error) => Some(error.to_string()),
    };
    let present = present.ok();
    let fingerprint = present.as_ref().map(|present| present.fingerprint.clone());
    File {
        path: path.display().to_string(),
        serial_no: present.as_deref().and_then(serial_no),
        in_force: fingerprint.as_ref().zip(in_force).map(|(saved, in_force)| saved.starts_with(in_force)),
        fingerprint,
        problem,
    }
}

/// `serial_no` of a file, if it has one.
pub(crate) fn serial_no(present: &Present) -> Option<u64> {
    joined(Some(present.values.get(Place::File, "serial_no")?)).parse().ok()
}
