//! Where a Fineract is, and whether it answers, before anything is built upon it.

use std::time::Duration;

use crate::{Error, Options, aws::http_client};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Asks the Fineract of these options for its offices, and says plainly what is wrong.
///
/// A server behind TLS is left to the gateway, whose trust in certificates is its own.
///
/// # Errors
/// If nothing answers there, or it is no Fineract that takes this user and tenant.
pub async fn probe(options: &Options) -> Result<(), Error> {
    let url = &options.fineract_url;
    if !url.starts_with("http://") {
        return Ok(());
    }
    let request = http_client(TIMEOUT)?
        .get(format!("{url}/v1/offices"))
        .basic_auth(&options.fineract_user, Some(&options.fineract_password))
        .header("Fineract-Platform-TenantId", &options.fineract_tenant);
    let (what, remedy) = match request.send().await {
        Err(_) => (
            format!("Nothing answers at {url}."),
            "start Fineract, or give its base URL to --fineract",
        ),
        Ok(answer) => match answer.status().as_u16() {
            // A user that may not read offices is refused by a Fineract that knows it.
            200 | 403 => return Ok(()),
            401 => (
                format!("Fineract refuses the user {}.", options.fineract_user),
                "give the user to --user and its password in FINERACT_PASSWORD",
            ),
            400 => (
                format!("Fineract does not know the tenant {}.", options.fineract_tenant),
                "give the tenant to --tenant",
            ),
            status => (
                format!("{url} answers with {status}, as no Fineract does."),
                "give the base of its API, as in https://localhost:8443/fineract-provider/api",
            ),
        },
    };
    Err(Error::Missing {
        what,
        remedy: remedy.to_owned(),
    })
}

/// Completes a base URL: people copy it with and without the path of the API.
#[must_use]
pub fn base_url(url: &str) -> String {
    let url = if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix("/v1").unwrap_or(url);
    if url.ends_with("/fineract-provider") {
        format!("{url}/api")
    } else if url.split_once("://").is_some_and(|(_, rest)| !rest.contains('/')) {
        format!("{url}/fineract-provider/api")
    } else {
        url.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::base_url;

    #[test]
    fn a_base_url_is_completed() {
        let whole = "https://localhost:8443/fineract-provider/api";
        for given in [
            whole,
            "https://localhost:8443",
            "https://localhost:8443/fineract-provider/",
            &format!("{whole}/v1/"),
        ] {
            assert_eq!(base_url(given), whole);
        }
        assert_eq!(
            base_url("https://bank.example/core/api"),
            "https://bank.example/core/api"
        );
    }
}
