//! Taking an operation back.

use fineract_simulator::{Action, Fault, Match, Response, Times};
use serde_json::json;

use crate::bench::{Bench, published};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_is_taken_back_and_what_was_is_not() {
    let bench = Bench::start().await;
    let cancel = async |id: &str| {
        let path = format!("/fineract/track/{}/cancel", id.replace('|', "%7C"));
        bench.api.send(bench.api.post_to(&path)).await.unwrap()
    };
    // Fineract refuses the gateway's credentials: nothing is executed, the operation waits.
    let on = Match::of("POST", "/v1/clients");
    let refused = Response::json(401, &json!({}));
    let fault = bench.simulator.faults().add(Fault {
        on,
        action: Action::Answer(refused),
        times: Times::Always,
    });
    let id = bench.accept("CLIENT_CREATE", published::client_create()).await;
    bench.until(&id, |body| body["state"] == "waiting").await;
    let answer = cancel(&id).await;
    assert_eq!(
        (answer.status, &answer.body["state"]),
        (200, &json!("cancelled")),
        "{}",
        answer.text
    );
    assert_eq!(bench.ended(&id).await, answer.body);
    fault.remove();
    // What stood behind it goes on at once.
    bench.succeed("CLIENT_CREATE", published::client_create()).await;

    let done = bench
        .accept("CLIENT_UPDATE", json!({"externalId": "INC-1001", "lastname": "B"}))
        .await;
    bench.ended(&done).await;
    let answer = cancel(&done).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (409, &json!("too-late-to-cancel")),
        "{}",
        answer.text
    );
    assert!(answer.body.get("status").is_none());
    assert_eq!(
        cancel("CLIENT_CREATE|406362bf-f3da-4bc6-a506-d67e0878b7b6")
            .await
            .status,
        404
    );
    assert_eq!(bench.effects("INC-1001").len(), 2);
}
