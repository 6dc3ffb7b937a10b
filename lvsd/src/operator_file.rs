//! The file in which administrators' decisions outlive lvsd, and the router.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{Context, Result};
use control::decisions::{Decided, Decisions, LONGEST, Service, VERSION};
use control::status;
use ipvs::{DestinationKey, Family, Protocol, ServiceKey};
use service::clocks::Clocks;
use service::whole_file;
use tokio::sync::{mpsc, oneshot};

use crate::operator::{Decision, Drain, Operator};

/// What was decided before; nothing if there is no such file. One that makes no sense is put aside and lvsd starts
/// without.
pub(crate) fn load(path: &Path, clocks: Clocks) -> Operator {
    match read(path) {
        Ok(Some(decisions)) => operator(decisions, clocks),
        Ok(None) => Operator::default(),
        Err(error) => {
            let aside = path.with_extension("json.bad");
            tracing::error!(
                "cannot read {}: {error:#}; drained, disabled and reweighted real servers are forgotten, \
                 the file is kept as {}",
                path.display(),
                aside.display()
            );
            if let Err(error) = fs::rename(path, &aside) {
                tracing::error!("cannot rename {} to {}: {error}", path.display(), aside.display());
            }
            Operator::default()
        }
    }
}

fn read(path: &Path) -> Result<Option<Decisions>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(Decisions::read(&bytes)?))
}

/// Writes the file, beside the main loop: a disk that hangs must not keep a dead real server in service.
#[derive(Debug)]
pub(crate) struct OperatorFile {
    jobs: mpsc::UnboundedSender<Job>,
}

/// Decisions to write, and where to say what came of it.
type Job = (Decisions, oneshot::Sender<Result<()>>);

impl OperatorFile {
    /// The file at `path`.
    pub(crate) fn new(path: &Path) -> Self {
        // Each job comes from a client that waits for it, and those are few.
        let (jobs, mut received) = mpsc::unbounded_channel::<Job>();
        let path = path.to_owned();
        tokio::spawn(async move {
            while let Some((decisions, done)) = received.recv().await {
                let path = path.clone();
                let written = tokio::task::spawn_blocking(move || write(&path, &decisions)).await;
                // Whoever asked may be gone.
                let _ = done.send(written.unwrap_or_else(|error| Err(error.into())));
            }
        });
        Self { jobs }
    }

    /// Puts these decisions in the place of what the file holds. What is awaited here is on the disk.
    pub(crate) fn save(
        &self,
        operator: &Operator,
        clocks: Clocks,
    ) -> impl Future<Output = Result<()>> + use<> {
        let (done, written) = oneshot::channel();
        let sent = self.jobs.send((decisions(operator, clocks), done));
        async move {
            sent.ok().context("lvsd is shutting down")?;
            written.await.context("lvsd is shutting down")?
        }
    }
}

fn write(path: &Path, decisions: &Decisions) -> Result<()> {
    let bytes = decisions.write()?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let made = DirBuilder::new().recursive(true).mode(0o755).create(directory);
    made.with_context(|| format!("cannot make {}", directory.display()))?;
    Ok(whole_file::replace(path, &bytes, 0o600)?)
}

fn operator(decisions: Decisions, clocks: Clocks) -> Operator {
    let decided = decisions.real_servers.into_iter().map(|decided| {
        let status::Operator { drain, disabled, weight } = decided.operator;
        let drain = drain.map(|drain| Drain {
            since: drain.since,
            deadline: drain.deadline.map(|deadline| clocks.at_wall(deadline)),
            over: false,
        });
        let (address, port) = (decided.destination.ip(), decided.destination.port());
        let place = (service_key(decided.service), DestinationKey { address, port });
        (place, Decision { name: decided.name, drain, disabled, weight })
    });
    Operator::new(decided.collect::<BTreeMap<_, _>>())
}

fn decisions(operator: &Operator, clocks: Clocks) -> Decisions {
    let real_servers = operator.iter().map(|((service, destination), decision)| Decided {
        name: decision.name.clone(),
        service: kept(service),
        destination: (destination.address, destination.port).into(),
        operator: decision.to_status(clocks),
    });
    Decisions { version: VERSION, real_servers: real_servers.collect() }
}

pub(crate) fn service_key(service: Service) -> ServiceKey {
    match service {
        Service::Address { protocol, address, port } => {
            ServiceKey::Address { protocol: Protocol::from_number(protocol), address, port }
        }
        Service::Mark { ipv6, mark } => {
            ServiceKey::Mark { family: if ipv6 { Family::V6 } else { Family::V4 }, mark }
        }
    }
}

pub(crate) fn kept(service: &ServiceKey) -> Service {
    match *service {
        ServiceKey::Address { protocol, address, port } => {
            Service::Address { protocol: protocol.number(), address, port }
        }
        ServiceKey::Mark { family, mark } => Service::Mark { ipv6: family == Family::V6, mark },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::num::NonZeroU32;
    use std::path::PathBuf;
    use std::time::Duration;

    use ipvs::{DestinationKey, Family, Protocol, ServiceKey};

    use super::{OperatorFile, load};
    use crate::operator::{Change, Drain, Operator};
    use service::clocks::Clocks;

    const CLOCKS: Clocks = Clocks { now: Duration::from_secs(50), wall: 1_700_000_000_000 };

    /// A file in a directory that is not there yet.
    fn file(test: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("lvsd-{}-{test}", std::process::id()));
        directory.join("piranha/lvsd.json")
    }

    fn decided() -> Operator {
        let mut operator = Operator::default();
        let web = ServiceKey::Address { protocol: Protocol::Tcp, address: [192, 0, 2, 1].into(), port: 80 };
        let marked = ServiceKey::Mark { family: Family::V6, mark: NonZeroU32::MIN };
        let one = DestinationKey { address: [10, 0, 0, 1].into(), port: 80 };
        let two = DestinationKey { address: std::net::Ipv6Addr::LOCALHOST.into(), port: 0 };
        let deadline = Some(CLOCKS.now + Duration::from_secs(600));
        operator.decide((web, one), "web/one", Change::Drain(Drain { since: 7, deadline, over: false }));
        operator.decide((marked, two), "marked/two", Change::Disable);
        operator.decide((marked, two), "marked/two", Change::Weight(Some(3)));
        operator
    }

    #[tokio::test]
    async fn decisions_are_read_as_they_were_written() {
        let path = file("whole");
        assert_eq!(load(&path, CLOCKS), Operator::default());
        let file = OperatorFile::new(&path);
        file.save(&decided(), CLOCKS).await.unwrap();
        assert_eq!(load(&path, CLOCKS), decided());

        // An hour later, after a restart: the deadline has passed.
        let later = Clocks { now: Duration::from_secs(1), wall: CLOCKS.wall + 3_600_000 };
        assert_eq!(load(&path, later).end_drains(later.now).len(), 1);

        file.save(&Operator::default(), CLOCKS).await.unwrap();
        assert_eq!(load(&path, CLOCKS), Operator::default());
        fs::remove_dir_all(path.ancestors().nth(2).unwrap()).unwrap();
    }

    #[tokio::test]
    async fn a_torn_file_is_put_aside() {
        let path = file("torn");
        OperatorFile::new(&path).save(&decided(), CLOCKS).await.unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(load(&path, CLOCKS), Operator::default());
        assert!(!path.exists());
        assert_eq!(fs::read(path.with_extension("json.bad")).unwrap(), &bytes[..bytes.len() / 2]);
        fs::remove_dir_all(path.ancestors().nth(2).unwrap()).unwrap();
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_said() {
        let path = file("blocked");
        fs::create_dir_all(path.ancestors().nth(2).unwrap()).unwrap();
        fs::write(path.parent().unwrap(), "a file where a directory should be").unwrap();
        let error = OperatorFile::new(&path).save(&decided(), CLOCKS).await.unwrap_err();
        assert!(format!("{error:#}").contains("cannot make"), "{error:#}");
        fs::remove_dir_all(path.ancestors().nth(2).unwrap()).unwrap();
    }
}
