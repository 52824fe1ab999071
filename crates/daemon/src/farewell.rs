//! The end: what is waited for, and the last words to the keeper.

use crate::clock;
use crate::world::{Over, World};
use rpm_keeper::link::Link;
use rpm_keeper::wire::ToKeeper;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;

/// The keeper is told this often that we do not hang, in ms. It ends a supervisor that is silent for
/// several times as long.
pub(crate) const PING_MS: u64 = 2000;

/// How long the table may take to be on the disk for a successor: it may have much to write.
const KEEP_PATIENCE: Duration = Duration::from_secs(10);
/// How long the last replies may take. `rpm kill` waits twice as long for our end.
const REPLY_PATIENCE: Duration = Duration::from_secs(5);
/// How long the last word has to reach the keeper, in ms.
pub(crate) const PATIENCE_MS: u64 = 1000;

/// Waits until all is recorded for a successor, or, where there is none, until all clients have been
/// answered: then nobody is `busy` any more. And until logs are written.
pub(crate) async fn settle(
    world: &mut World,
    busy: mpsc::Sender<Infallible>,
    all_told: &mut mpsc::Receiver<Infallible>,
) {
    let World { link, over, store, logs, .. } = world;
    drop(busy);
    let settled = async {
        // Errors and the time limits alike mean that nobody is left to wait for.
        if *over == Some(Over::Replaced) {
            drop(tokio::time::timeout(KEEP_PATIENCE, store.all_kept()).await);
        } else {
            drop(tokio::time::timeout(REPLY_PATIENCE, all_told.recv()).await);
        }
        logs.sync().await;
    };
    alive(link, settled).await;
}

/// Waits for something that may take as long as the keeper's patience with one that hangs, and tells
/// it meanwhile that we do not.
async fn alive<T>(link: &mut Link, waited_for: impl Future<Output = T>) -> T {
    let mut waited_for = pin!(waited_for);
    let mut beat = tokio::time::interval(Duration::from_millis(PING_MS));
    loop {
        tokio::select! {
            done = &mut waited_for => return done,
            _ = beat.tick() => {
                // What waits to be sent says as much, and a keeper that is gone needs no word.
                if !link.wants_write() {
                    link.send(ToKeeper::Ping);
                }
                link.flush().ok();
            }
        }
    }
}

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

    #[tokio::test(start_paused = true)]
    async fn the_keeper_hears_of_us_as_long_as_we_wait() {
        let (ours, theirs) = seqpacket::pair().unwrap();
        let mut link = Link::from_fd(ours);
        alive(&mut link, tokio::time::sleep(Duration::from_millis(10 * PING_MS - 1))).await;
        drop(link);
        let mut packet = vec![0; 64 * 1024];
        let heard = std::iter::from_fn(|| seqpacket::recv(&theirs, &mut packet).ok());
        assert_eq!(heard.take_while(|received| received.len > 0).count(), 10);
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
