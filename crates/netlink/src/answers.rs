//! Which request of a chunk has which result, by sequence numbers.

use std::time::Duration;

use crate::{Error, Refusal};

/// The results of a run of requests of which only the last asked for an acknowledgement.
///
/// The kernel carries requests out one after the other and reports every refusal, asked or not. So when the last
/// request has its answer and nothing was lost, a request without one was carried out.
#[derive(Debug)]
pub(crate) struct Answers {
    first_sequence: u32,
    results: Vec<Option<Result<(), Error>>>,
    overrun: bool,
}

impl Answers {
    /// Waits for `count` requests, numbered from `first_sequence` on.
    pub(crate) fn new(first_sequence: u32, count: usize) -> Answers {
        Answers { first_sequence, results: vec![None; count], overrun: false }
    }

    /// Notes an answer; one to an earlier request is nobody's any more.
    pub(crate) fn on_answer(&mut self, sequence: u32, result: Result<(), Refusal>) {
        let index = sequence.wrapping_sub(self.first_sequence);
        if let Some(slot) = usize::try_from(index).ok().and_then(|index| self.results.get_mut(index)) {
            *slot = Some(result.map_err(Error::Refused));
        }
    }

    /// Notes that answers were lost.
    pub(crate) fn on_overrun(&mut self) {
        self.overrun = true;
    }

    /// Whether answers were lost.
    pub(crate) fn overrun(&self) -> bool {
        self.overrun
    }

    /// Whether the last request has its answer, so that there is nothing more to wait for.
    pub(crate) fn complete(&self) -> bool {
        self.results.last().is_none_or(Option::is_some)
    }

    /// One result for each request, in their order.
    pub(crate) fn into_results(self, waited: Duration) -> impl Iterator<Item = Result<(), Error>> {
        let silence = match (self.overrun, self.complete()) {
            (true, _) => Err(Error::Overrun),
            (false, true) => Ok(()),
            (false, false) => Err(Error::TimedOut(waited)),
        };
        self.results.into_iter().map(move |result| result.unwrap_or_else(|| silence.clone()))
    }
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    const WAITED: Duration = Duration::from_secs(5);

    fn refusal(errno: Errno) -> Refusal {
        Refusal { errno, text: None }
    }

    fn results(answers: Answers) -> Vec<Result<(), Error>> {
        answers.into_results(WAITED).collect()
    }

    #[test]
    fn silence_before_the_last_acknowledgement_is_success() {
        let mut answers = Answers::new(10, 3);
        answers.on_answer(11, Err(refusal(Errno::EEXIST)));
        assert!(!answers.complete());
        answers.on_answer(12, Ok(()));
        assert!(answers.complete());
        assert_eq!(results(answers), [Ok(()), Err(Error::Refused(refusal(Errno::EEXIST))), Ok(())]);
    }

    #[test]
    fn a_refused_last_request_ends_the_chunk_too() {
        let mut answers = Answers::new(10, 2);
        answers.on_answer(11, Err(refusal(Errno::ESRCH)));
        assert!(answers.complete());
        assert_eq!(results(answers), [Ok(()), Err(Error::Refused(refusal(Errno::ESRCH)))]);
    }

    #[test]
    fn after_an_overrun_only_what_was_said_is_known() {
        let mut answers = Answers::new(1, 3);
        answers.on_answer(1, Err(refusal(Errno::EINVAL)));
        answers.on_overrun();
        answers.on_answer(3, Ok(()));
        assert_eq!(
            results(answers),
            [Err(Error::Refused(refusal(Errno::EINVAL))), Err(Error::Overrun), Ok(())]
        );
    }

    #[test]
    fn without_the_last_answer_nothing_is_assumed() {
        let answers = Answers::new(1, 2);
        assert_eq!(results(answers), [Err(Error::TimedOut(WAITED)), Err(Error::TimedOut(WAITED))]);
    }

    #[test]
    fn late_answers_of_earlier_requests_are_not_counted() {
        let mut answers = Answers::new(10, 2);
        answers.on_answer(9, Ok(()));
        answers.on_answer(12, Ok(()));
        assert!(!answers.complete());
    }

    #[test]
    fn sequence_numbers_wrap_round() {
        let mut answers = Answers::new(u32::MAX, 2);
        answers.on_answer(0, Ok(()));
        assert_eq!(results(answers), [Ok(()), Ok(())]);
    }
}
