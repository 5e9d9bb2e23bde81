//! A real S3-compatible server, made as strict as the best known of them where it is lenient: parts have entity tags
//! and checksums that are compared, unfinished uploads can be listed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt as _;
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use sha2::{Digest as _, Sha256};
use tokio_util::task::TaskTracker;

use crate::faults::{Handler, Served, serve};

pub(crate) const BUCKET: &str = "garden";
pub(crate) const ACCESS: &str = "AKNIGHTJAR";
pub(crate) const SECRET: &str = "a secret of the object store";

#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// Key, begun, parts by number: entity tag, size, checksum.
    pub(crate) uploads: BTreeMap<String, Upload>,
    /// How it behaves.
    pub(crate) manners: Manners,
    /// Parts were added just now, whenever their upload began.
    pub(crate) parts_are_new: bool,
}

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) begun: SystemTime,
    pub(crate) algorithm: Option<String>,
    pub(crate) parts: BTreeMap<i32, Part>,
}

#[derive(Debug, Clone)]
pub(crate) struct Part {
    etag: String,
    size: i64,
    sha256: Option<String>,
}

/// What it leaves out.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Manners {
    /// It neither looks at SHA-256 nor repeats it, and refuses a request that has one if `refuses_sums`.
    pub(crate) ignores_sums: bool,
    pub(crate) refuses_sums: bool,
    /// Nothing can be read: neither an object nor its head.
    pub(crate) write_only: bool,
    /// Unfinished uploads cannot be listed.
    pub(crate) no_lists: bool,
}

/// The server.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    inner: Arc<Mutex<Inner>>,
    root: Arc<tempfile::TempDir>,
}

impl Objects {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(BUCKET)).unwrap();
        Self { inner: Arc::default(), root: Arc::new(root) }
    }

    pub(crate) fn look(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn behave(&self, manners: Manners) {
        self.look().manners = manners;
    }

    /// Every object with its bytes, by key.
    pub(crate) fn all(&self) -> BTreeMap<String, Vec<u8>> {
        let bucket = self.root.path().join(BUCKET);
        let mut all = BTreeMap::new();
        gather(&bucket, &bucket, &mut all);
        all
    }

    /// Files of uploads that were begun and not ended.
    pub(crate) fn leftovers(&self) -> usize {
        let entries = std::fs::read_dir(self.root.path()).unwrap();
        entries
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".upload"))
            .count()
    }

    /// As the store does after some days by itself.
    pub(crate) fn clear_leftovers(&self) {
        for entry in std::fs::read_dir(self.root.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_string_lossy().starts_with(".upload") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    /// Somebody's upload that was begun two days ago.
    pub(crate) fn plant_upload(&self, key: &str) {
        let begun = wall() - std::time::Duration::from_secs(48 * 3600);
        let upload = Upload { key: key.to_owned(), begun, algorithm: None, parts: BTreeMap::new() };
        self.look().uploads.insert(format!("planted-{key}"), upload);
    }

    /// All that was begun was begun so much earlier.
    pub(crate) fn begin_older(&self, age: std::time::Duration) {
        for upload in self.look().uploads.values_mut() {
            upload.begun -= age;
        }
    }

    pub(crate) async fn serve(&self) -> Served {
        let fs = FileSystem::new(self.root.path()).unwrap();
        let mut builder = S3ServiceBuilder::new(Strict { fs, inner: Arc::clone(&self.inner) });
        builder.set_auth(SimpleAuth::from_single(ACCESS, SECRET));
        let service = builder.build();
        // A request that has arrived is carried out to its end, whatever becomes of its line: stores do nothing by halves.
        let whole = TaskTracker::new();
        let handler: Handler = Arc::new(move |request| {
            let (service, whole) = (service.clone(), whole.clone());
            let answer = async move {
                let response = service.call(request.map(s3s::Body::from)).await.unwrap();
                let (mut parts, body) = response.into_parts();
                let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
                // The head of an object has the length of the object, and no body.
                if !body.is_empty() {
                    parts.headers.remove("content-length");
                }
                parts.headers.remove("transfer-encoding");
                parts.headers.insert("date", httpdate(wall()));
                http::Response::from_parts(parts, body)
            };
            Box::pin(async move { whole.spawn(answer).await.unwrap() })
        });
        serve(handler).await
    }
}

fn wall() -> SystemTime {
    frame::Clock::wall(&frame::SystemClock::new())
}

fn httpdate(time: SystemTime) -> http::HeaderValue {
    let time = jiff::Timestamp::try_from(time).unwrap();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string().parse().unwrap()
}

fn gather(root: &Path, folder: &PathBuf, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(root, &path, all);
        } else {
            let key = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            all.insert(key, std::fs::read(&path).unwrap());
        }
    }
}

#[derive(Debug)]
struct Strict {
    fs: FileSystem,
    inner: Arc<Mutex<Inner>>,
}

impl Strict {
    fn manners(&self) -> Manners {
        self.inner.lock().unwrap().manners
    }

    /// The body, if its checksum is right; → the checksum that an answer repeats.
    async fn checked(
        &self,
        body: Option<StreamingBlob>,
        sha256: &mut Option<String>,
        md5: Option<&String>,
    ) -> S3Result<(Bytes, Option<String>)> {
        let manners = self.manners();
        if manners.refuses_sums && sha256.is_some() {
            return Err(s3_error!(
                NotImplemented,
                "A header you provided implies functionality that is not implemented"
            ));
        }
        let mut bytes = Vec::new();
        let mut body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(&piece.map_err(|_| s3_error!(IncompleteBody))?);
        }
        if md5.is_some_and(|said| *said != STANDARD.encode(md5_of(&bytes))) {
            return Err(s3_error!(BadDigest));
        }
        if manners.ignores_sums {
            *sha256 = None;
        }
        if sha256.as_ref().is_some_and(|said| *said != STANDARD.encode(Sha256::digest(&bytes))) {
            return Err(s3_error!(BadDigest));
        }
        Ok((bytes.into(), sha256.clone()))
    }
}

fn md5_of(bytes: &[u8]) -> [u8; 16] {
    use md5::Digest as _;
    md5::Md5::digest(bytes).into()
}

fn blob(bytes: Bytes) -> Option<StreamingBlob> {
    Some(StreamingBlob::from(s3s::Body::from(bytes)))
}

fn no_such_upload() -> S3Error {
    S3Error::new(S3ErrorCode::NoSuchUpload)
}

#[async_trait::async_trait]
impl S3 for Strict {
    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.fs.head_bucket(req).await
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.fs.list_objects_v2(req).await
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        if self.manners().write_only {
            return Err(s3_error!(AccessDenied));
        }
        let mut response = self.fs.head_object(req).await?;
        if self.manners().ignores_sums {
            response.output.checksum_sha256 = None;
        }
        Ok(response)
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        if self.manners().write_only {
            return Err(s3_error!(AccessDenied));
        }
        self.fs.get_object(req).await
    }

    async fn put_object(&self, mut req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        if req.input.bucket != BUCKET {
            return Err(s3_error!(NoSuchBucket));
        }
        let md5 = req.input.content_md5.clone();
        let (bytes, _) =
            self.checked(req.input.body.take(), &mut req.input.checksum_sha256, md5.as_ref()).await?;
        req.input.body = blob(bytes);
        self.fs.put_object(req).await
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.fs.delete_object(req).await
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let (key, algorithm) = (req.input.key.clone(), req.input.checksum_algorithm.clone());
        if self.manners().refuses_sums && algorithm.is_some() {
            return Err(s3_error!(NotImplemented));
        }
        let algorithm = algorithm.map(|algorithm| algorithm.as_str().to_owned());
        let response = self.fs.create_multipart_upload(req).await?;
        let id = response.output.upload_id.clone().unwrap();
        let upload = Upload { key, begun: wall(), algorithm, parts: BTreeMap::new() };
        self.inner.lock().unwrap().uploads.insert(id, upload);
        Ok(response)
    }

    async fn upload_part(
        &self,
        mut req: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let (id, number) = (req.input.upload_id.clone(), req.input.part_number);
        if !self.inner.lock().unwrap().uploads.contains_key(&id) {
            return Err(no_such_upload());
        }
        let md5 = req.input.content_md5.clone();
        let (bytes, sum) =
            self.checked(req.input.body.take(), &mut req.input.checksum_sha256, md5.as_ref()).await?;
        let size = i64::try_from(bytes.len()).unwrap();
        req.input.body = blob(bytes);
        let mut response = self.fs.upload_part(req).await?;
        response.output.checksum_sha256.clone_from(&sum);
        let Some(ETag::Strong(etag)) = response.output.e_tag.clone() else { panic!("no entity tag") };
        let mut inner = self.inner.lock().unwrap();
        let upload = inner.uploads.get_mut(&id).ok_or_else(no_such_upload)?;
        upload.parts.insert(number, Part { etag, size, sha256: sum });
        Ok(response)
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        let inner = self.inner.lock().unwrap();
        let upload = inner.uploads.get(&req.input.upload_id).ok_or_else(no_such_upload)?;
        // Pages of two, so that there is more than one.
        let after: i32 = req.input.part_number_marker.unwrap_or(0);
        let mut left: Vec<_> = upload.parts.iter().filter(|(number, _)| **number > after).collect();
        let is_truncated = left.len() > 2;
        left.truncate(2);
        let next = left.last().map(|(number, _)| **number);
        let parts = left.into_iter().map(|(number, part)| s3s::dto::Part {
            part_number: Some(*number),
            e_tag: Some(ETag::Strong(part.etag.clone())),
            size: Some(part.size),
            checksum_sha256: part.sha256.clone(),
            last_modified: Some(if inner.parts_are_new { wall() } else { upload.begun }.into()),
            ..Default::default()
        });
        Ok(S3Response::new(ListPartsOutput {
            parts: Some(parts.collect()),
            is_truncated: Some(is_truncated),
            next_part_number_marker: next,
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let id = req.input.upload_id.clone();
        {
            let inner = self.inner.lock().unwrap();
            let upload = inner.uploads.get(&id).ok_or_else(no_such_upload)?;
            let given =
                req.input.multipart_upload.as_ref().and_then(|given| given.parts.clone()).unwrap_or_default();
            for part in given {
                let held =
                    upload.parts.get(&part.part_number.unwrap()).ok_or_else(|| s3_error!(InvalidPart))?;
                if part.e_tag != Some(ETag::Strong(held.etag.clone())) {
                    return Err(s3_error!(InvalidPart));
                }
                let needs_sum = upload.algorithm.as_deref() == Some("SHA256") && held.sha256.is_some();
                if needs_sum && part.checksum_sha256 != held.sha256 {
                    return Err(s3_error!(
                        InvalidRequest,
                        "The complete request must include the checksum for each part"
                    ));
                }
            }
        }
        let response = self.fs.complete_multipart_upload(req).await?;
        self.inner.lock().unwrap().uploads.remove(&id);
        Ok(response)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let id = req.input.upload_id.clone();
        if self.inner.lock().unwrap().uploads.remove(&id).is_none() {
            return Err(no_such_upload());
        }
        self.fs.abort_multipart_upload(req).await
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        if self.manners().no_lists {
            return Err(s3_error!(AccessDenied));
        }
        let inner = self.inner.lock().unwrap();
        let prefix = req.input.prefix.unwrap_or_default();
        let after =
            (req.input.key_marker.unwrap_or_default(), req.input.upload_id_marker.unwrap_or_default());
        let mut all: Vec<_> = inner
            .uploads
            .iter()
            .map(|(id, upload)| ((upload.key.clone(), id.clone()), upload.begun))
            .filter(|(place, _)| place.0.starts_with(&prefix) && *place > after)
            .collect();
        all.sort();
        let is_truncated = all.len() > 2;
        all.truncate(2);
        let last = all.last().map(|(place, _)| place.clone());
        let uploads = all.into_iter().map(|((key, id), begun)| MultipartUpload {
            key: Some(key),
            upload_id: Some(id),
            initiated: Some(begun.into()),
            ..Default::default()
        });
        Ok(S3Response::new(ListMultipartUploadsOutput {
            uploads: Some(uploads.collect()),
            is_truncated: Some(is_truncated),
            next_key_marker: last.clone().map(|(key, _)| key),
            next_upload_id_marker: last.map(|(_, id)| id),
            ..Default::default()
        }))
    }
}
