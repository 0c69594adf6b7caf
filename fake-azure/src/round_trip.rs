//! A pretended distance between client and service.
//!
//! Each direction takes half a round trip, and the first bytes of the client one round trip more, which is the TCP
//! handshake that loopback does not have. Bytes keep their order, and any number of them can be on their way: with
//! TLS 1.3, the first answer arrives three round trips after the connection was begun.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::timekeeper::{Timekeeper, Wait};

/// The size of one read; larger writes travel as several.
const CHUNK: usize = 64 * 1024;

/// Bytes with the moment at which they arrive.
type Parcel = (Instant, Bytes);

/// How far away clients are.
#[derive(Debug, Clone)]
pub(crate) struct Distance<W = Timekeeper> {
    pub(crate) round_trip: Duration,
    pub(crate) time: W,
}

/// Puts the distance before a stream; gives the service's end of it.
pub(crate) fn distant<W: Wait>(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    distance: &Distance<W>,
) -> DuplexStream {
    let (near, far) = tokio::io::duplex(CHUNK);
    let (client_reader, client_writer) = tokio::io::split(stream);
    let (service_reader, service_writer) = tokio::io::split(near);
    let connected = Instant::now() + distance.round_trip;
    travel(client_reader, service_writer, distance, connected);
    travel(service_reader, client_writer, distance, connected);
    far
}

/// Carries bytes in one direction until either end is gone. Nothing sets out before `connected`.
fn travel<W: Wait>(
    from: impl AsyncRead + Unpin + Send + 'static,
    to: impl AsyncWrite + Unpin + Send + 'static,
    distance: &Distance<W>,
    connected: Instant,
) {
    let (half, time) = (distance.round_trip / 2, distance.time.clone());
    let (sender, receiver) = unbounded_channel();
    // An end of a stream that fails is an end all the same; the other side learns it by its own end.
    tokio::spawn(async move { drop(depart(from, sender, half, connected).await) });
    tokio::spawn(async move { drop(arrive(to, receiver, time).await) });
}

async fn depart(
    mut from: impl AsyncRead + Unpin,
    sender: UnboundedSender<Parcel>,
    half: Duration,
    connected: Instant,
) -> io::Result<()> {
    loop {
        let mut bytes = BytesMut::with_capacity(CHUNK);
        if from.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let arrival = Instant::now().max(connected) + half;
        if sender.send((arrival, bytes.freeze())).is_err() {
            return Ok(());
        }
    }
}

async fn arrive(
    mut to: impl AsyncWrite + Unpin,
    mut receiver: UnboundedReceiver<Parcel>,
    time: impl Wait,
) -> io::Result<()> {
    while let Some((arrival, bytes)) = receiver.recv().await {
        time.until(arrival).await;
        to.write_all(&bytes).await?;
        to.flush().await?;
    }
    to.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(20);
    const DISTANCE: Distance<PausedTime> = Distance {
        round_trip: ROUND_TRIP,
        time: PausedTime,
    };

    /// Tokio's time, which these tests pause.
    #[derive(Clone)]
    struct PausedTime;

    impl Wait for PausedTime {
        async fn until(&self, moment: Instant) {
            tokio::time::sleep_until(moment).await;
        }
    }

    async fn expect(stream: &mut DuplexStream, text: &[u8]) {
        let mut bytes = vec![0; text.len()];
        stream.read_exact(&mut bytes).await.expect("the stream is open");
        assert_eq!(bytes, text);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_answer_takes_a_round_trip_for_the_connection_and_one_for_itself() {
        let begun = Instant::now();
        let (mut client, stream) = tokio::io::duplex(CHUNK);
        let mut service = distant(stream, &DISTANCE);
        client.write_all(b"hello").await.expect("open");
        expect(&mut service, b"hello").await;
        assert_eq!(begun.elapsed(), ROUND_TRIP * 3 / 2);
        service.write_all(b"yes").await.expect("open");
        expect(&mut client, b"yes").await;
        assert_eq!(begun.elapsed(), ROUND_TRIP * 2);
        client.write_all(b"more").await.expect("open");
        expect(&mut service, b"more").await;
        assert_eq!(begun.elapsed(), ROUND_TRIP * 5 / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_together_arrives_together_and_in_order() {
        let (mut client, stream) = tokio::io::duplex(CHUNK);
        let mut service = distant(stream, &DISTANCE);
        tokio::time::advance(ROUND_TRIP * 10).await;
        let begun = Instant::now();
        for text in [b"one", b"two", b"six"] {
            client.write_all(text).await.expect("open");
            tokio::task::yield_now().await;
        }
        expect(&mut service, b"onetwosix").await;
        assert_eq!(begun.elapsed(), ROUND_TRIP / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_stream_travels_too() {
        let (client, stream) = tokio::io::duplex(CHUNK);
        let mut service = distant(stream, &DISTANCE);
        drop(client);
        assert_eq!(service.read(&mut [0; 8]).await.expect("closed in order"), 0);
    }
}
