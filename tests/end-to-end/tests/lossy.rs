//! A connection to the gateway that loses requests and answers.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Passes,
    /// It never arrives.
    RequestLost,
    /// It arrives, and its answer does not.
    AnswerLost,
    /// It arrives, and half of its answer does.
    AnswerCutOff,
}

/// A proxy on a loopback address: one request a connection, to each its fate, in turn.
pub(crate) struct Lossy {
    url: String,
    met: Arc<Mutex<Vec<Fate>>>,
    listening: JoinHandle<()>,
}

impl Lossy {
    /// A proxy before the API at `url`.
    pub(crate) async fn start(url: &str, fates: &[Fate]) -> Self {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (host, fates, met) = (host.to_owned(), fates.to_vec(), Arc::new(Mutex::default()));
        let seen: Arc<Mutex<Vec<Fate>>> = Arc::clone(&met);
        let next = AtomicUsize::new(0);
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fate = fates[next.fetch_add(1, Ordering::Relaxed) % fates.len()];
                seen.lock().unwrap().push(fate);
                let host = host.clone();
                // An error is a connection that ends, which is what this is for.
                tokio::spawn(async move { drop(carry(client, &host, fate).await) });
            }
        });
        Self {
            url: format!("http://{address}/{path}"),
            met,
            listening,
        }
    }

    /// The API's base behind the proxy.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many requests met this fate.
    pub(crate) fn met(&self, fate: Fate) -> usize {
        self.met.lock().unwrap().iter().filter(|met| **met == fate).count()
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn carry(mut client: TcpStream, host: &str, fate: Fate) -> std::io::Result<()> {
    let request = request(&mut client).await?;
    if fate == Fate::RequestLost {
        return Ok(());
    }
    let mut gateway = TcpStream::connect(host).await?;
    gateway.write_all(&request).await?;
    let mut answer = Vec::new();
    gateway.read_to_end(&mut answer).await?;
    let arrives = match fate {
        Fate::Passes => answer.len(),
        Fate::AnswerCutOff => answer.len() - 10,
        Fate::AnswerLost | Fate::RequestLost => 0,
    };
    client.write_all(&answer[..arrives]).await?;
    client.shutdown().await
}

/// A whole request: its head, and as much after it as it says.
async fn request(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Ok(request);
            }
        }
        if client.read_buf(&mut request).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}
