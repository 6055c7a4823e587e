//! CLIENT_UPDATE with each field alone: nothing else is lost.

use fineract_simulator::Release;
use gateway::fineract::Path;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::loan_create::succeed;

fn shown(gateway: &Gateway) -> Value {
    gateway.read(Path::new("v1/clients/external-id").segment("INC-1001"))
}

#[tokio::test]
async fn each_field_alone_changes_only_itself() {
    for release in Release::ALL {
        let gateway = Gateway::new(release);
        let create = json!({"firstname": "Jayesh", "lastname": "Badgujar", "externalId": "INC-1001", "mobileNo": "9966999999",
            "emailAddress": "jayesh@example.com", "activationDate": "01 January 2026"});
        succeed(&gateway, "CLIENT_CREATE", create).await;
        for (name, value, member, expected) in [
            ("firstname", "Jay", "firstname", json!("Jay")),
            ("lastname", "B", "lastname", json!("B")),
            ("mobileNo", "9966999998", "mobileNo", json!("9966999998")),
            ("emailAddress", "j@example.com", "emailAddress", json!("j@example.com")),
            ("activationDate", "2 jan 2026", "activationDate", json!([2026, 1, 2])),
            ("mobileNo", "", "mobileNo", Value::Null),
        ] {
            let before = shown(&gateway);
            succeed(
                &gateway,
                "CLIENT_UPDATE",
                json!({"externalId": "INC-1001", name: value}),
            )
            .await;
            let after = shown(&gateway);
            assert_eq!(after[member], expected, "{release} {name}");
            for (other, value) in before.as_object().unwrap() {
                let follows = match name {
                    "firstname" | "lastname" => other == "displayName",
                    "activationDate" => other == "timeline",
                    _ => false,
                };
                assert!(
                    other == member || follows || after[other] == *value,
                    "{release} {name} changed {other}"
                );
            }
        }
    }
}
