//! Exchanges that are held, cut, or answered by somebody else.

use fineract_simulator::{Action, Fault, Match, Moment, Release, Response, Server, Times};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::{
    bank::{client, request},
    server::{PATIENCE, connect, send, serve},
};

fn fault(action: Action, times: Times) -> Fault {
    Fault {
        on: Match::of("POST", "/v1/clients"),
        action,
        times,
    }
}

/// The creation of a client as bytes on the wire.
fn raw(body: &Value, key: &str) -> Vec<u8> {
    let request = request("POST", "clients", Some(body)).with_header("Idempotency-Key", key);
    let length = request.body.len();
    let mut head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n",
        request.path
    );
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", &request.body].concat()
}

#[tokio::test]
async fn a_held_command_goes_on_though_its_client_is_gone() {
    for moment in [Moment::BeforeEffect, Moment::AfterEffect] {
        let (simulator, server) = serve(Release::V1_10_1).await;
        let handle = simulator.faults().add(fault(Action::Hold(moment), Times::Once));
        let mut connection = TcpStream::connect(server.address()).await.unwrap();
        connection.write_all(&raw(&client("INC-1"), "key")).await.unwrap();
        timeout(PATIENCE, handle.wait_until_held()).await.unwrap();
        assert_eq!(simulator.effects().len(), usize::from(moment == Moment::AfterEffect));
        // Reset, the connection tells the server at once that nobody waits for the answer.
        connection.set_zero_linger().unwrap();
        drop(connection);
        let mut connection = connect(&server).await;
        assert_eq!(
            send(&mut connection, "GET", "offices/1", None, None).await.unwrap().0,
            200
        );
        handle.release();
        // The same key waits for the outcome and is served from the cache.
        let body = client("INC-1");
        let again = send(&mut connection, "POST", "clients", Some(&body), Some("key"));
        let (status, cached, _) = timeout(PATIENCE, again).await.unwrap().unwrap();
        assert_eq!((status, cached), (200, true), "{moment:?}");
        assert_eq!(simulator.effects().len(), 1);
        assert_eq!(handle.hits(), 1);
    }
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_what_it_was_at_and_comes_back_as_the_same_bank() {
    for (moment, status) in [(Moment::BeforeEffect, 425), (Moment::AfterEffect, 200)] {
        let (simulator, server) = serve(Release::V1_10_1).await;
        let handle = simulator.faults().add(fault(Action::Hold(moment), Times::Once));
        let address = server.address();
        let mut connection = connect(&server).await;
        let body = client("INC-1");
        let running =
            tokio::spawn(async move { send(&mut connection, "POST", "clients", Some(&body), Some("key")).await });
        timeout(PATIENCE, handle.wait_until_held()).await.unwrap();
        let mut idle = connect(&server).await;
        send(&mut idle, "GET", "offices/1", None, None).await.unwrap();
        timeout(PATIENCE, server.kill()).await.unwrap();
        let answer = timeout(PATIENCE, running).await.unwrap().unwrap();
        assert!(answer.is_err(), "{moment:?}: the connection is cut");
        assert!(send(&mut idle, "GET", "offices/1", None, None).await.is_err());

        handle.release();
        let server = Server::start(address, simulator.clone()).await.unwrap();
        let applied = usize::from(moment == Moment::AfterEffect);
        assert_eq!(simulator.effects().len(), applied, "{moment:?}: nothing went on");
        let mut connection = connect(&server).await;
        let body = client("INC-1");
        let again = send(&mut connection, "POST", "clients", Some(&body), Some("key"));
        let (answered, cached, _) = timeout(PATIENCE, again).await.unwrap().unwrap();
        assert_eq!((answered, cached), (status, true), "{moment:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_held_is_answered_425_in_the_end() {
    let (simulator, server) = serve(Release::V1_10_1).await;
    let handle = simulator
        .faults()
        .add(fault(Action::Hold(Moment::BeforeEffect), Times::Once));
    let mut first = connect(&server).await;
    let running =
        tokio::spawn(async move { send(&mut first, "POST", "clients", Some(&client("INC-1")), Some("key")).await });
    timeout(PATIENCE, handle.wait_until_held()).await.unwrap();
    let mut second = connect(&server).await;
    let body = client("INC-1");
    let early = send(&mut second, "POST", "clients", Some(&body), Some("key"));
    let (status, cached, echo) = timeout(PATIENCE, early).await.unwrap().unwrap();
    assert_eq!((status, cached, echo), (425, true, client("INC-1")));
    handle.release();
    assert_eq!(running.await.unwrap().unwrap().0, 200);
}

#[tokio::test]
async fn a_cut_connection_has_an_effect_or_none() {
    for (moment, effects) in [(Moment::BeforeEffect, 0), (Moment::AfterEffect, 1)] {
        let (simulator, server) = serve(Release::V1_10_1).await;
        simulator.faults().add(fault(Action::Cut(moment), Times::Once));
        let mut connection = connect(&server).await;
        let cut = send(&mut connection, "POST", "clients", Some(&client("INC-1")), Some("key")).await;
        assert!(cut.is_err());
        assert_eq!(simulator.effects().len(), effects);
        let mut connection = connect(&server).await;
        let again = send(&mut connection, "POST", "clients", Some(&client("INC-1")), Some("key"))
            .await
            .unwrap();
        assert_eq!((again.0, again.1), (200, effects == 1), "{moment:?}");
        assert_eq!(simulator.effects().len(), 1);
    }
}

#[tokio::test]
async fn a_standing_fault_answers_until_it_is_removed() {
    let (simulator, server) = serve(Release::V1_10_1).await;
    let answer = Response {
        status: 502,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: b"<html>".to_vec(),
    };
    let handle = simulator.faults().add(fault(Action::Answer(answer), Times::Always));
    let mut connection = connect(&server).await;
    for _ in 0..2 {
        let got = send(&mut connection, "POST", "clients", Some(&client("INC-1")), None)
            .await
            .unwrap();
        assert_eq!((got.0, got.2), (502, json!(null)));
    }
    assert_eq!(
        send(&mut connection, "GET", "offices/1", None, None).await.unwrap().0,
        200
    );
    assert_eq!(handle.hits(), 2);
    handle.remove();
    assert_eq!(
        send(&mut connection, "POST", "clients", Some(&client("INC-1")), None)
            .await
            .unwrap()
            .0,
        200
    );
    assert_eq!(simulator.effects().len(), 1);
}
