//! Fineract over HTTP: what was certainly not sent, what was perhaps sent, and what an answer is.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use fineract_simulator::{Action, Fault, Match, Moment, Release, Server, Simulator, Times};
use gateway::adapters::http::{HttpFineract, Place};
use gateway::adapters::secrets::{Credentials, Error, Source};
use gateway::fineract::{Exchange, Fineract, Loss, Method, Path, Request};
use gateway::release::Release as Known;

/// Gives wrong credentials as often as it is told to, then the right ones.
struct Passwords {
    wrong: usize,
    reads: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl Source for Passwords {
    async fn read(&self) -> Result<Credentials, Error> {
        let right = self.reads.fetch_add(1, Ordering::SeqCst) >= self.wrong;
        let password = if right { "password" } else { "expired" };
        Ok(Credentials {
            username: "mifos".to_owned(),
            password: password.to_owned(),
        })
    }
}

fn client(base_url: String, wrong: usize) -> (HttpFineract, Arc<AtomicUsize>) {
    let reads = Arc::new(AtomicUsize::new(0));
    let place = Place {
        base_url,
        tenant: "default".to_owned(),
        ca_pem: None,
    };
    let source = Box::new(Passwords {
        wrong,
        reads: Arc::clone(&reads),
    });
    (HttpFineract::new(place, source).unwrap(), reads)
}

fn offices() -> Request {
    let path = Path::new("v1/offices").segment(1);
    Request {
        method: Method::Get,
        path,
        key: None,
        body: None,
        timeout: Duration::from_secs(5),
    }
}

fn create_client(timeout: Duration) -> Request {
    let body = serde_json::json!({"officeId": 1, "legalFormId": 1, "active": false, "firstname": "J", "lastname": "B",
        "externalId": "INC-1", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    let key = Some("key".to_owned());
    Request {
        method: Method::Post,
        path: Path::new("v1/clients"),
        key,
        body: Some(body),
        timeout,
    }
}

fn lost(exchange: &Exchange) -> Option<Loss> {
    match exchange {
        Exchange::Lost(loss) => Some(*loss),
        Exchange::Answer(_) | Exchange::NotSent => None,
    }
}

async fn simulated() -> (Simulator, Server) {
    let simulator = Simulator::new(Release::V1_10_1);
    let server = Server::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), simulator.clone())
        .await
        .unwrap();
    (simulator, server)
}

/// A server that reads one request and answers with these bytes, then closes.
fn raw(answer: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_certainly_nothing_sent() {
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    for url in [format!("http://{unused}"), format!("https://{unused}")] {
        let (fineract, _) = client(url.clone(), 0);
        assert!(
            matches!(
                fineract.exchange(create_client(Duration::from_secs(5))).await,
                Exchange::NotSent
            ),
            "{url}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_speak_tls_gets_nothing() {
    let url = raw("HTTP/1.1 400 Bad Request\r\n\r\n").replace("http://", "https://");
    let (fineract, _) = client(url, 0);
    assert!(matches!(
        fineract.exchange(create_client(Duration::from_secs(5))).await,
        Exchange::NotSent
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_perhaps_sent_is_lost_not_refused() {
    for (answer, loss) in [
        ("", Loss::CutOff),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"officeId\":1",
            Loss::CutOff,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"off",
            Loss::CutOff,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", Loss::CutOff),
        ("nonsense\r\n\r\n", Loss::CutOff),
    ] {
        let (fineract, _) = client(raw(answer), 0);
        assert_eq!(
            lost(&fineract.exchange(create_client(Duration::from_secs(5))).await),
            Some(loss),
            "{answer:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_is_lost_and_its_effect_is_there_under_the_same_key() {
    let (simulator, server) = simulated().await;
    let (fineract, _) = client(server.url(), 0);
    let on = Match::of("POST", "/v1/clients");
    let held = simulator.faults().add(Fault {
        on,
        action: Action::Hold(Moment::AfterEffect),
        times: Times::Once,
    });
    let exchange = fineract.exchange(create_client(Duration::from_millis(200))).await;
    assert_eq!(lost(&exchange), Some(Loss::TimedOut));
    held.release();
    let Exchange::Answer(answer) = fineract.exchange(create_client(Duration::from_secs(5))).await else {
        panic!("answer")
    };
    assert_eq!((answer.status, answer.from_cache), (200, true));
    assert_eq!(simulator.effects().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let (fineract, _) = client(
        raw("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        0,
    );
    let Exchange::Answer(answer) = fineract.exchange(offices()).await else {
        panic!("answer")
    };
    assert_eq!(answer.status, 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_read_once_and_again_after_a_401() {
    let (_simulator, server) = simulated().await;
    // How many reads give the old password, and what each exchange comes to after how many reads.
    for (old, exchanges) in [
        (0, [(200, 1), (200, 1)]),
        (1, [(200, 2), (200, 2)]),
        (2, [(401, 2), (200, 3)]),
        (3, [(401, 2), (200, 4)]),
    ] {
        let (fineract, reads) = client(server.url(), old);
        for (status, read) in exchanges {
            let Exchange::Answer(answer) = fineract.exchange(offices()).await else {
                panic!("answer")
            };
            assert_eq!((answer.status, reads.load(Ordering::SeqCst)), (status, read), "{old}");
        }
    }
}

#[tokio::test]
async fn a_fineract_tells_its_release_whatever_its_database_does_or_it_stays_unknown() {
    for release in Release::ALL {
        let simulator = Simulator::new(release);
        let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), simulator.clone())
            .await
            .unwrap();
        simulator.faults().add(Fault {
            on: Match::any(),
            action: Action::DatabaseDown(Duration::from_millis(1)),
            times: Times::Always,
        });
        let (fineract, reads) = client(server.url(), 0);
        assert_eq!(fineract.release().await, Known::Compared(release.to_string()));
        assert_eq!(reads.load(Ordering::SeqCst), 0, "it needs no user");
        server.kill().await;
        assert_eq!(fineract.release().await, Known::Untold);
    }
}
