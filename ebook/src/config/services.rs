//! What the usual variables of an S3 client say, where the configuration says nothing.

use super::sections::Config;
use super::text::Text;
use super::values::DocumentsAt;

/// The variables, those of S3 alone before the general ones.
#[derive(Default)]
pub(super) struct Variables {
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    region: [Option<String>; 2],
    endpoint: [Option<String>; 2],
}

impl Variables {
    /// Takes note of a variable, if it is one of them.
    pub(super) fn note(&mut self, name: &str, value: String) {
        let [region, default_region] = &mut self.region;
        let [endpoint, any_endpoint] = &mut self.endpoint;
        let noted = match name {
            "AWS_ACCESS_KEY_ID" => &mut self.access_key_id,
            "AWS_SECRET_ACCESS_KEY" => &mut self.secret_access_key,
            "AWS_REGION" => region,
            "AWS_DEFAULT_REGION" => default_region,
            "AWS_ENDPOINT_URL_S3" => endpoint,
            "AWS_ENDPOINT_URL" => any_endpoint,
            _ => return,
        };
        *noted = Some(value).filter(|value| !value.is_empty());
    }

    /// Fills in what is not given, when documents are kept in a bucket; what is wrong with it.
    pub(super) fn complete(self, config: &mut Config) -> Vec<String> {
        let mut problems = Vec::new();
        if !matches!(config.documents(), DocumentsAt::Bucket { .. }) {
            return problems;
        }
        let s3 = &mut config.s3;
        s3.access_key_id = s3.access_key_id.take().or(self.access_key_id);
        let [region, default_region] = self.region;
        s3.region = s3.region.take().or(region).or(default_region);
        if let (None, Some(secret)) = (&s3.secret_access_key, self.secret_access_key) {
            match secret.parse() {
                Ok(secret) => s3.secret_access_key = Some(secret),
                Err(problem) => problems.push(format!("AWS_SECRET_ACCESS_KEY: {problem}")),
            }
        }
        let [endpoint, any_endpoint] = self.endpoint;
        if let (None, Some(endpoint)) = (&s3.endpoint, endpoint.or(any_endpoint)) {
            match endpoint.parse() {
                Ok(endpoint) => s3.endpoint = Some(Text(endpoint)),
                Err(problem) => problems.push(format!("AWS_ENDPOINT_URL: {problem}")),
            }
        }
        problems
    }
}
