//! The command line.

use std::{ops::RangeInclusive, time::Duration};

/// Text of a call that Piranha's program would not understand either, two empty lines included.
const USAGE: &str = "send_arp: sends out custom ARP packet. Yuri Volobuev '97
\tusage: send_arp [-i dev] src_ip_addr src_hw_addr targ_ip_addr tar_hw_addr

";

const COUNT: RangeInclusive<u32> = 1..=10_000;
const INTERVAL: RangeInclusive<u32> = 0..=60_000;

/// What the user wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Help,
    Version,
    Send(Call),
}

/// A call with its arguments as given, not yet looked at. ADDRESS2 is not kept: nothing uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) device: String,
    pub(crate) address: String,
    pub(crate) hardware_address: String,
    pub(crate) destination: String,
    pub(crate) form: Form,
    pub(crate) count: u32,
    pub(crate) interval: Duration,
}

/// Which ARP frames to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Reply,
    Request,
    Both,
}

/// A call that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    #[error("{USAGE}")]
    Usage,
    #[error("send_arp: {option} takes a number from {} to {}, not {given:?}", range.start(), range.end())]
    NotInRange { option: &'static str, range: RangeInclusive<u32>, given: String },
}

/// Reads the arguments behind the program's name: options while they begin with `-`, then exactly four.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, CallError> {
    let mut rest = arguments.into_iter().peekable();
    let mut device = "eth0".to_owned();
    let mut form = Form::Reply;
    let (mut count, mut interval) = (1, 1000);
    while let Some(option) = rest.next_if(|argument| argument.starts_with('-')) {
        match option.as_str() {
            "-i" => device = rest.next().ok_or(CallError::Usage)?,
            "--request" => form = Form::Request,
            "--both" => form = Form::Both,
            "--count" => count = number("--count", rest.next(), COUNT)?,
            "--interval" => interval = number("--interval", rest.next(), INTERVAL)?,
            "-?" | "--help" => return Ok(Request::Help),
            "--version" => return Ok(Request::Version),
            _ => return Err(CallError::Usage),
        }
    }
    let four = <[String; 4]>::try_from(rest.collect::<Vec<_>>()).map_err(|_| CallError::Usage)?;
    let [address, hardware_address, _, destination] = four;
    let interval = Duration::from_millis(interval.into());
    Ok(Request::Send(Call { device, address, hardware_address, destination, form, count, interval }))
}

fn number(option: &'static str, given: Option<String>, range: RangeInclusive<u32>) -> Result<u32, CallError> {
    let given = given.ok_or(CallError::Usage)?;
    match given.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(CallError::NotInRange { option, range, given }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, CallError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn call(line: &str) -> Call {
        match parsed(line) {
            Ok(Request::Send(call)) => call,
            other => panic!("{line}: {other:?}"),
        }
    }

    const PLAIN: &str = "192.168.26.10 E202C8DC6A20 192.168.26.255 ffffffffffff";

    #[test]
    fn both_calls_of_piranha() {
        let expected = Call {
            device: "eth0".into(),
            address: "192.168.26.10".into(),
            hardware_address: "E202C8DC6A20".into(),
            destination: "ffffffffffff".into(),
            form: Form::Reply,
            count: 1,
            interval: Duration::from_secs(1),
        };
        assert_eq!(call(PLAIN), expected);
        assert_eq!(call(&format!("-i eth1 {PLAIN}")), Call { device: "eth1".into(), ..expected });
    }

    #[test]
    fn no_argument_behind_the_first_of_the_four_is_an_option() {
        let call = call("a --help -i --count");
        assert_eq!((call.hardware_address.as_str(), call.destination.as_str()), ("--help", "--count"));
    }

    #[test]
    fn calls_that_piranha_refuses() {
        for line in [
            "",
            "a b c",
            "a b c d e",
            "a b c d e f",
            "-i",
            "-i eth0",
            "-i eth0 a b c",
            "-i a b c",
            "-i eth0 a b c d e",
            "-j eth0 a b c d",
            "-ieth0 a b c d",
            "-- a b c d",
            "- a b c",
        ] {
            assert_eq!(parsed(line), Err(CallError::Usage), "{line}");
        }
    }

    #[test]
    fn extensions() {
        let call = call(&format!("--count 3 -i eth1 --interval 0 --both {PLAIN}"));
        assert_eq!(
            (call.device.as_str(), call.form, call.count, call.interval),
            ("eth1", Form::Both, 3, Duration::ZERO)
        );
        assert_eq!(parsed("--help"), Ok(Request::Help));
        assert_eq!(parsed("-i eth0 -?"), Ok(Request::Help));
        assert_eq!(parsed("--version a b c d"), Ok(Request::Version));
    }

    #[test]
    fn numbers_are_bounded() {
        for bad in
            ["--count 0", "--count 10001", "--count x", "--count -1", "--interval 60001", "--interval 1.5"]
        {
            let result = parsed(&format!("{bad} {PLAIN}"));
            assert!(matches!(result, Err(CallError::NotInRange { .. })), "{bad}: {result:?}");
        }
        for good in ["--count 1", "--count 10000", "--interval 0", "--interval 60000"] {
            call(&format!("{good} {PLAIN}"));
        }
        assert_eq!(parsed("--count"), Err(CallError::Usage));
    }
}
