use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread;

use super::*;

/// A place with a socket that answers each client with these lines, one after the other.
fn answering(name: &str, answers: Vec<String>) -> (PathBuf, Sources) {
    let place = std::env::temp_dir().join(format!("live-{name}-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let socket = place.join("sock");
    let _it_may_not_be_there = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let none = place.join("none");
    let sources =
        Sources { proc: "/proc".into(), pulse_pid: none.clone(), pulse: socket.clone(), lvsd: socket };
    (place, sources)
}

fn overview(connections: u64) -> String {
    let document = include_str!("../../../docs/control.md");
    let example =
        document.split("```json answer\n").find(|block| block.starts_with("{\n  \"overview\"")).unwrap();
    let mut example: serde_json::Value = serde_json::from_str(example.split("```").next().unwrap()).unwrap();
    example["overview"]["virtual_servers"][0]["counters"][0] = connections.into();
    format!("{example}\n")
}

#[tokio::test]
async fn what_lvsd_says_is_kept_and_what_it_does_not_say_is_told() {
    let refused = "{\"refused\":{\"reason\":\"unknown variant `overview`\"}}\n".to_owned();
    let (place, sources) =
        answering("lvsd", vec![overview(10), refused, "nonsense\n".to_owned(), String::new()]);
    let live = Live::new(sources);
    assert_eq!(live.reading().lvsd.unwrap_err(), "lvsd has not been asked yet");
    live.read().await;
    assert_eq!(live.reading().lvsd.unwrap().virtual_servers[0].counters.connections, 10);
    live.read().await;
    assert_eq!(live.reading().lvsd.unwrap_err(), "lvsd refused: unknown variant `overview`");
    live.read().await;
    assert!(live.reading().lvsd.unwrap_err().contains("it cannot be understood"));
    live.read().await;
    assert!(live.reading().lvsd.unwrap_err().contains("closed the connection"));
    fs::remove_dir_all(&place).unwrap();
    live.read().await;
    assert!(live.reading().lvsd.unwrap_err().starts_with("lvsd does not run on this router"));
    live.with_history(|_, history| assert!(history.rates(0).is_some(), "the hour is kept"));
}

#[tokio::test]
async fn a_page_sees_what_is_new_and_a_slow_lvsd_is_left_alone() {
    let (place, sources) = answering("recent", vec![overview(10), overview(20), overview(30)]);
    let live = Live::new(sources);
    live.read().await;
    let connections = async || live.recent().await.lvsd.unwrap().virtual_servers[0].counters.connections;
    assert_eq!(connections().await, 10, "a moment ago");
    live.known().0.at -= 1000;
    assert_eq!(connections().await, 20);
    live.known().0.at -= 1000;
    live.known().0.took = QUICK * 2;
    assert_eq!(connections().await, 20, "it is asked in its own time");
    fs::remove_dir_all(&place).unwrap();
}

#[tokio::test]
async fn pulse_is_not_asked_by_each_of_many_readers() {
    let refused = "{\"refused\":{\"reason\":\"no\"}}\n".to_owned();
    let (place, sources) = answering("pulse", vec![refused]);
    let live = Live::new(sources);
    for _ in 0..10 {
        assert_eq!(live.pulse().await.unwrap_err(), "pulse refused: no");
    }
    fs::remove_dir_all(&place).unwrap();
    assert_eq!(live.daemon().await.0, DaemonState::Stopped);
}
