//! A client that listens: what apps print and say, and what happens to them.

use super::super::crowd::Place;
use super::super::{Doors, follow};
use crate::logs::Followed;
use interprocess::local_socket::tokio::Stream;
use rpm_pm2::bus;
use std::io;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

/// Tells one client all there is to tell until it hangs up.
pub(super) async fn run(mut stream: Stream, doors: Doors, place: Place) {
    // A client that hangs up is no news.
    drop(tell(&mut stream, &doors).await);
    drop(place);
}

async fn tell(stream: &mut Stream, doors: &Doors) -> io::Result<()> {
    let mut news = doors.bus.listen();
    let mut lines = doors.logs.follow(Arc::new(|_| true), true, true);
    loop {
        let item;
        let frame = tokio::select! { biased;
            () = follow::hang_up(stream) => return Ok(()),
            heard = news.next() => {
                item = heard;
                &item.frame
            }
            line = lines.next() => match line {
                Some(Followed::Line(line, source)) => {
                    &bus::line(&line, &source.namespace).frame()
                }
                Some(Followed::Missed(count)) => &bus::missed(count).frame(),
                None => return Ok(()),
            },
        };
        // However long it takes: what a slow listener misses is counted for it.
        stream.write_all(frame).await?;
    }
}
