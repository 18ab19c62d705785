//! A bucket of an S3 service: small documents are put at once and never over another, large ones in parts.
//!
//! Every request has a time in which it must be answered, and few attempts. What a failure leaves of a document in
//! parts is aborted, at once or by the sweeper, which finds it in the index.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use database::Database;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    BackoffConfig, Certificate, ClientOptions, Error, MultipartId, ObjectStore, ObjectStoreExt, PutMode,
    PutPayload, RetryConfig,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::store::StoreError;
use crate::upkeep;

/// The parts of a large document; S3 takes none under 5 MiB but the last, and at most 10,000. Tests have smaller ones.
const PART: u64 = if cfg!(test) { 5 << 20 } else { 8 << 20 };
/// Parts in memory at a time, of all documents together.
const PARTS: usize = 4;

/// How long the service may take to take our connection.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long it may take to answer, and between two pieces of what it sends; tests do not wait.
const ANSWER_TIME: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 20 });
/// From the first attempt to the last.
const RETRY_TIME: Duration = Duration::from_secs(if cfg!(test) { 3 } else { 30 });
const RETRIES: usize = 3;
/// The pauses between them.
const BACKOFF: BackoffConfig = BackoffConfig {
    init_backoff: Duration::from_millis(100),
    max_backoff: Duration::from_secs(3),
    base: 2.0,
};
/// How long a document waits for its turn before its source is told to come again.
const TURN_TIME: Duration = Duration::from_secs(60);
/// How often a small document is put before it is known not to arrive.
const PUTS: usize = 2;

/// A bucket and what opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the keys of this repository begin with; empty for all of the bucket.
    pub prefix: String,
    /// The URL of the service; none for Amazon's in that region.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Who we are to the service.
    pub access_key_id: String,
    /// How the service knows.
    pub secret_access_key: String,
    /// The only CAs whose certificates the service may have, PEM; none for those of the system.
    pub trust: Option<Vec<u8>>,
    /// A folder for large documents on their way. What a crash leaves there is of no use to anyone.
    pub spool: PathBuf,
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{separator}{}", self.name, self.prefix)
    }
}

/// Without the secret.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({self} at {})", self.endpoint.as_deref().unwrap_or("Amazon"))
    }
}

pub(super) struct OpenBucket {
    s3: AmazonS3,
    prefix: String,
    address: String,
    index: Arc<Database>,
    parts: Semaphore,
}

impl fmt::Debug for OpenBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenBucket({})", self.address)
    }
}

impl OpenBucket {
    /// Nothing is asked of the service yet.
    pub(super) fn open(bucket: &Bucket, index: Arc<Database>) -> Result<Self, StoreError> {
        // The TLS of the client is made with the process's provider; another may be there already, and is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.access_key_id)
            .with_secret_access_key(&bucket.secret_access_key)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            // Not all services delete in bulk, and we never do.
            .with_disable_bulk_delete(true)
            .with_client_options(client_options(bucket)?)
            .with_retry(RetryConfig { backoff: BACKOFF, max_retries: RETRIES, retry_timeout: RETRY_TIME });
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        Ok(Self {
            s3: builder.build()?,
            prefix: bucket.prefix.clone(),
            address: bucket.to_string(),
            index,
            parts: Semaphore::new(PARTS),
        })
    }

    /// Its objects by the keys that the index has.
    pub(super) fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::new(PrefixStore::new(self.s3.clone(), self.prefix.as_str()))
    }

    fn path(&self, key: &str) -> Path {
        Path::from(format!("{}/{key}", self.prefix))
    }

    /// Puts a document at once. Keys are used once: when there is something already, an attempt of ours arrived
    /// whose answer did not.
    pub(super) async fn put(&self, key: &str, bytes: PutPayload, size: u64) -> Result<(), StoreError> {
        let path = self.path(key);
        let mut attempt = 1;
        loop {
            let failed = match self.s3.put_opts(&path, bytes.clone(), PutMode::Create.into()).await {
                Ok(_) => return Ok(()),
                Err(Error::AlreadyExists { .. }) if self.has(&path, size).await? => return Ok(()),
                Err(error) => error,
            };
            if attempt == PUTS || !matches!(failed, Error::Generic { .. } | Error::AlreadyExists { .. }) {
                return Err(failed.into());
            }
            attempt += 1;
        }
    }

    /// Whether an object is there, and whole.
    async fn has(&self, path: &Path, size: u64) -> Result<bool, Error> {
        match self.s3.head(path).await {
            Ok(found) => Ok(found.size == size),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts a document that lies in a file of ours.
    pub(super) async fn upload(&self, file: &FilePath, key: &str, size: u64) -> Result<(), StoreError> {
        if size <= PART {
            let turn = self.turn().await?;
            let bytes = read_part(file.to_owned(), 0).await?;
            let put = self.put(key, bytes.into(), size).await;
            drop(turn);
            return put;
        }
        let path = self.path(key);
        let id = self.s3.create_multipart(&path).await?;
        let noted = upkeep::note_upload(&self.index, key, &id, jiff::Timestamp::now().as_second()).await;
        let outcome = match noted {
            Ok(()) => self.complete(file, &path, &id, size).await,
            Err(error) => Err(error.into()),
        };
        let settled = match &outcome {
            Ok(()) => Ok(()),
            Err(_) => self.abort(&path, &id).await,
        };
        if settled.is_ok() {
            // If that fails, the sweeper will find that there is nothing to abort.
            let _ = upkeep::forget_upload(&self.index, &id).await;
        }
        outcome
    }

    async fn complete(
        &self,
        file: &FilePath,
        path: &Path,
        id: &MultipartId,
        size: u64,
    ) -> Result<(), StoreError> {
        let mut parts: Vec<PartId> = Vec::new();
        for (number, offset) in (0..size).step_by(PART as usize).enumerate() {
            let turn = self.turn().await?;
            let bytes = read_part(file.to_owned(), offset).await?;
            parts.push(self.s3.put_part(path, id, number, bytes.into()).await?);
            drop(turn);
        }
        match self.s3.complete_multipart(path, id, parts).await {
            // The answer may be lost, and then the upload is not there any more when it is asked again.
            Err(error) if !self.has(path, size).await? => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn abort(&self, path: &Path, id: &MultipartId) -> Result<(), Error> {
        match self.s3.abort_multipart(path, id).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "the parts of a document stay until they are swept");
                Err(error)
            }
        }
    }

    /// Aborts uploads that began before this second; how many.
    pub(super) async fn abort_stale(&self, before: i64) -> Result<usize, StoreError> {
        let mut aborted = 0;
        for (key, id) in upkeep::uploads_before(&self.index, before).await? {
            if self.abort(&self.path(&key), &id).await.is_ok() {
                upkeep::forget_upload(&self.index, &id).await?;
                aborted += 1;
            }
        }
        Ok(aborted)
    }

    /// Waits until a part may be in memory.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        let turn = timeout(TURN_TIME, self.parts.acquire()).await;
        turn.ok().and_then(Result::ok).ok_or(StoreError::Busy)
    }
}

fn client_options(bucket: &Bucket) -> Result<ClientOptions, Error> {
    let mut options = ClientOptions::new()
        .with_connect_timeout(CONNECT_TIME)
        .with_read_timeout(ANSWER_TIME)
        // A document may take as long as its consumer does.
        .with_timeout_disabled()
        .with_http1_only()
        .with_allow_http(bucket.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http:")));
    if let Some(trust) = &bucket.trust {
        options = options.with_no_system_certificates(true);
        for certificate in Certificate::from_pem_bundle(trust)? {
            options = options.with_root_certificate(certificate);
        }
    }
    Ok(options)
}

async fn read_part(path: PathBuf, offset: u64) -> Result<Bytes, StoreError> {
    let read = move || {
        let mut file = File::open(path)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(PART).read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(bytes.into())
    };
    tokio::task::spawn_blocking(read).await.map_err(StoreError::stopped)?.map_err(StoreError::Reading)
}
