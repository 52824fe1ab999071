//! The last words to the keeper.

use crate::clock;
use rpm_keeper::link::Link;
use std::io;

/// How long the last replies have to be recorded and to reach their clients, in ms: a disk with
/// much to write may be slow.
pub(crate) const REPLY_PATIENCE_MS: u64 = 10_000;
/// How long the last word has to reach the keeper, in ms.
pub(crate) const PATIENCE_MS: u64 = 1000;

/// Waits until all that was sent has left. After the end of many processes that is more than the
/// socket holds, and a keeper that does not hear the last word of it starts another supervisor.
pub(crate) fn say_all(link: &mut Link) -> io::Result<()> {
    let until = clock::now().mono.after(PATIENCE_MS);
    while !link.flush()? {
        let left = until.since(clock::now().mono);
        if left == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        rpm_sys::poll::wait_for(&*link, true, Some(left))?;
        // What it still says is of no use any more, but would end the wait each time.
        while link.recv()?.is_some() {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_keeper::wire::ToKeeper;
    use rpm_sys::seqpacket;

    /// More than a socket holds at the usual size of its buffer.
    const MANY: u64 = 5000;

    #[test]
    fn the_last_word_is_heard_after_many_others() {
        let (ours, theirs) = seqpacket::pair().unwrap();
        let mut link = Link::from_fd(ours);
        for key in 0..MANY {
            link.send(ToKeeper::Ack { key, pid: 2 });
        }
        link.send(ToKeeper::Stop);
        assert!(link.wants_write(), "the socket holds it all, so that nothing is tried");
        let keeper = std::thread::spawn(move || {
            let mut heard = 0;
            let mut packet = vec![0; 64 * 1024];
            loop {
                rpm_sys::poll::wait_for(&theirs, false, None).unwrap();
                match seqpacket::recv(&theirs, &mut packet) {
                    Ok(received) if received.len > 0 => heard += 1,
                    _ => return heard,
                }
            }
        });
        say_all(&mut link).unwrap();
        drop(link);
        assert_eq!(keeper.join().unwrap(), MANY + 1);
    }

    #[test]
    fn a_keeper_that_is_gone_is_not_waited_for() {
        let (ours, theirs) = seqpacket::pair().unwrap();
        let mut link = Link::from_fd(ours);
        for key in 0..MANY {
            link.send(ToKeeper::Ack { key, pid: 2 });
        }
        drop(theirs);
        assert!(say_all(&mut link).is_err());
    }
}
