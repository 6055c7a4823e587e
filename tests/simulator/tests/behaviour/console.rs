//! The console over HTTP, and the file of the program.

use std::process::{Command, Stdio};

use fineract_simulator::{Release, Server};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{
    bank::client,
    server::{PATIENCE, connect, send, serve},
};

/// Asks the console: status and body.
async fn console(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = hyper::Request::builder()
        .method(method)
        .uri(format!("/simulator/{path}"))
        .header("host", "localhost")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = connect(server).await.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn adds_lists_and_removes_faults() {
    let (_simulator, server) = serve(Release::V1_10_1).await;
    let fault = json!({"fault": "proxy-page", "method": "GET", "path": "/offices", "times": "always"});
    let added = console(&server, "POST", "faults", &fault).await;
    assert_eq!(added, (201, json!({"ids": [1]})));
    let two = json!({"faults": [{"fault": "lost-answer", "times": 3}, {"fault": "stuck", "applied": true}]});
    assert_eq!(console(&server, "POST", "faults", &two).await.1, json!({"ids": [2, 3]}));
    let mut connection = connect(&server).await;
    assert_eq!(
        send(&mut connection, "GET", "offices/1", None, None).await.unwrap().0,
        502
    );
    let (_, listed) = console(&server, "GET", "faults", &Value::Null).await;
    assert_eq!(listed[0]["hits"], 1);
    assert_eq!(
        listed[1],
        json!({"fault": "lost-answer", "times": 3, "id": 2, "hits": 0})
    );
    assert_eq!(console(&server, "DELETE", "faults/1", &Value::Null).await.0, 200);
    assert_eq!(console(&server, "DELETE", "faults/1", &Value::Null).await.0, 404);
    assert_eq!(console(&server, "DELETE", "faults", &Value::Null).await.0, 200);
    assert_eq!(console(&server, "GET", "faults", &Value::Null).await.1, json!([]));
    assert_eq!(
        send(&mut connection, "GET", "offices/1", None, None).await.unwrap().0,
        200
    );
    let wrong = console(&server, "POST", "faults", &json!({"fault": "flood"})).await;
    assert_eq!(wrong, (400, json!({"error": "there is no fault \"flood\""})));
    assert_eq!(console(&server, "GET", "nothing", &Value::Null).await.0, 404);
}

#[tokio::test]
async fn faults_take_real_time_behind_a_socket() {
    let (simulator, server) = serve(Release::V1_10_1).await;
    simulator
        .apply(r#"[{"fault": "latency", "seconds": 0.2}, {"fault": "database-down", "seconds": 0.3}]"#)
        .unwrap();
    let mut connection = connect(&server).await;
    let started = Instant::now();
    let (status, ..) = send(&mut connection, "GET", "offices/1", None, None).await.unwrap();
    assert_eq!(status, 500);
    assert!(started.elapsed().as_millis() >= 500, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_held_exchange_is_released_over_http() {
    let (simulator, server) = serve(Release::V1_10_1).await;
    console(&server, "POST", "faults", &json!({"fault": "hold", "times": "always"})).await;
    let mut first = connect(&server).await;
    let held = tokio::spawn(async move { send(&mut first, "POST", "clients", Some(&client("INC-1")), None).await });
    let handle = simulator.faults().handle(1).unwrap();
    timeout(PATIENCE, handle.wait_until_held()).await.unwrap();
    assert!(simulator.effects().is_empty());
    assert_eq!(console(&server, "POST", "faults/1/release", &Value::Null).await.0, 200);
    assert_eq!(timeout(PATIENCE, held).await.unwrap().unwrap().unwrap().0, 200);
    let (_, effects) = console(&server, "GET", "effects", &Value::Null).await;
    assert_eq!(
        (effects[0]["action"].as_str(), effects[0]["external_id"].as_str()),
        (Some("CREATE"), Some("INC-1"))
    );
}

#[tokio::test]
async fn a_stuck_command_has_no_answer_and_its_key_is_busy() {
    let (simulator, server) = serve(Release::V1_10_1).await;
    simulator
        .apply(r#"{"fault": "stuck", "applied": true, "times": "once"}"#)
        .unwrap();
    let mut connection = connect(&server).await;
    let body = client("INC-1");
    assert!(
        send(&mut connection, "POST", "clients", Some(&body), Some("key"))
            .await
            .is_err()
    );
    assert_eq!(simulator.effects().len(), 1);
    let mut connection = connect(&server).await;
    let again = send(&mut connection, "POST", "clients", Some(&body), Some("key"));
    let (status, cached, _) = timeout(PATIENCE, again).await.unwrap().unwrap();
    assert_eq!((status, cached), (425, true));
}

#[tokio::test]
async fn a_checker_decides_over_http() {
    let (_simulator, server) = serve(Release::Develop2026_06).await;
    assert_eq!(
        console(&server, "PUT", "maker-checker", &json!(["CREATE_CLIENT"]))
            .await
            .0,
        200
    );
    let mut connection = connect(&server).await;
    for (id, decision, status) in [
        ("INC-1", "approve", 200),
        ("INC-2", "reject", 404),
        ("INC-3", "delete", 404),
    ] {
        let (_, _, waiting) = send(&mut connection, "POST", "clients", Some(&client(id)), Some(id))
            .await
            .unwrap();
        let command = &waiting["commandId"];
        let (_, listed) = console(&server, "GET", "commands", &Value::Null).await;
        assert_eq!(listed, json!({ "awaiting": [command] }));
        let decided = console(&server, "POST", &format!("commands/{command}/{decision}"), &Value::Null).await;
        assert_eq!(decided.0, 200, "{decided:?}");
        let path = format!("clients/external-id/{id}");
        assert_eq!(send(&mut connection, "GET", &path, None, None).await.unwrap().0, status);
        let again = console(&server, "POST", &format!("commands/{command}/approve"), &Value::Null).await;
        assert_eq!(again.0, 409);
    }
}

#[test]
fn the_program_refuses_a_wrong_file() {
    for (name, exists) in [("Cargo.toml", true), ("none.json", false)] {
        let file = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(std::path::Path::new(&file).exists(), exists);
        let output = Command::new(env!("CARGO_BIN_EXE_fineract-simulator"))
            .args(["--faults", &file])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot use"));
    }
}
