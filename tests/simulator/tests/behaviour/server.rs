//! The simulator behind a socket.

use std::time::Duration;

use fineract_simulator::{Release, Server, Simulator};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::bank::{bank, client, request};

/// Nothing here takes long; a test that waits for ever should fail.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A server on a free port.
pub(crate) async fn serve(release: Release) -> (Simulator, Server) {
    let simulator = bank(release);
    let server = Server::start("127.0.0.1:0".parse().unwrap(), simulator.clone())
        .await
        .unwrap();
    (simulator, server)
}

/// One connection to the server.
pub(crate) async fn connect(server: &Server) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Sends a request on this connection: status, whether it was served from the cache, body.
pub(crate) async fn send(
    connection: &mut SendRequest<Full<Bytes>>,
    method: &str,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> hyper::Result<(u16, bool, Value)> {
    let request = request(method, path, body);
    let mut builder = hyper::Request::builder()
        .method(method)
        .uri(&request.path)
        .header("host", "localhost");
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    if let Some(key) = key {
        builder = builder.header("idempotency-key", key);
    }
    connection.ready().await?;
    let response = connection
        .send_request(builder.body(Full::new(Bytes::from(request.body))).unwrap())
        .await?;
    let (parts, body) = response.into_parts();
    let cached = parts.headers.contains_key("x-served-from-cache");
    let body = body.collect().await?.to_bytes();
    Ok((
        parts.status.as_u16(),
        cached,
        serde_json::from_slice(&body).unwrap_or(Value::Null),
    ))
}

#[tokio::test]
async fn serves_the_paths_of_the_real_one() {
    let (simulator, server) = serve(Release::V1_10_1).await;
    assert_eq!(
        server.url(),
        format!("http://{}/fineract-provider/api", server.address())
    );
    let mut connection = connect(&server).await;
    let id = "a b?#+:@'\"<>|ü";
    let created = send(&mut connection, "POST", "clients", Some(&client(id)), None)
        .await
        .unwrap();
    assert_eq!(created.0, 200);
    let path = "clients/external-id/a%20b%3F%23%2B%3A%40%27%22%3C%3E%7C%C3%BC";
    let (status, _, found) = send(&mut connection, "GET", path, None, None).await.unwrap();
    assert_eq!((status, found["externalId"].as_str()), (200, Some(id)));
    assert_eq!(simulator.effects().len(), 1);
}

#[tokio::test]
async fn closes_a_connection_after_100_requests() {
    let (_simulator, server) = serve(Release::V1_10_1).await;
    let mut connection = connect(&server).await;
    for _ in 0..100 {
        assert_eq!(
            send(&mut connection, "GET", "offices/1", None, None).await.unwrap().0,
            200
        );
    }
    assert!(send(&mut connection, "GET", "offices/1", None, None).await.is_err());
}

#[tokio::test]
async fn stops_when_dropped() {
    let (_simulator, server) = serve(Release::V1_10_1).await;
    let mut connection = connect(&server).await;
    send(&mut connection, "GET", "offices/1", None, None).await.unwrap();
    let address = server.address();
    drop(server);
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, refused).await.unwrap();
}
