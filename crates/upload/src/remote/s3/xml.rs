//! The few XML documents that an object store and we exchange.
//!
//! Read by local names alone: stores disagree about the namespace, and about which elements they leave out. What is
//! missing is `None`, never a guess. What does not belong here: requests ([`super::bucket`]).

use std::fmt::Write as _;

use jiff::Timestamp;
use roxmltree::{Document, Node};

/// What a store says when it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Complaint {
    /// `NoSuchBucket`, `SignatureDoesNotMatch` and so on; empty if it gave none.
    pub(super) code: String,
    pub(super) message: String,
}

/// A part that a store holds of an unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldPart {
    /// From 1.
    pub(super) number: u32,
    pub(super) bytes: u64,
    pub(super) etag: Option<String>,
    /// Base64, as the store checked it.
    pub(super) sha256: Option<String>,
    pub(super) when: Option<Timestamp>,
}

/// An unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unfinished {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) begun: Option<Timestamp>,
}

/// One page of a list, and from where the next one goes on.
#[derive(Debug)]
pub(super) struct Page<T, M> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<M>,
}

/// The complaint in an answer, if it is one. A store may answer 200 and complain in the body.
pub(super) fn complaint(text: &str) -> Option<Complaint> {
    let document = Document::parse(text).ok()?;
    let root = document.root_element();
    (root.tag_name().name() == "Error").then(|| Complaint {
        code: text_of(root, "Code").unwrap_or_default().to_owned(),
        message: text_of(root, "Message").unwrap_or_default().to_owned(),
    })
}

/// The id of an upload that was just begun.
pub(super) fn upload_id(text: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    text_of(document.root_element(), "UploadId").filter(|id| !id.is_empty()).map(str::to_owned)
}

/// Whether the text says that an upload was put together.
pub(super) fn is_completed(text: &str) -> bool {
    Document::parse(text)
        .is_ok_and(|document| document.root_element().tag_name().name() == "CompleteMultipartUploadResult")
}

/// The parts that a store holds.
pub(super) fn parts(text: &str) -> Option<Page<HeldPart, u32>> {
    let document = Document::parse(text).ok()?;
    let root = document.root_element();
    let items = children(root, "Part")
        .filter_map(|part| {
            Some(HeldPart {
                number: text_of(part, "PartNumber")?.parse().ok()?,
                bytes: text_of(part, "Size")?.parse().ok()?,
                etag: text_of(part, "ETag").map(str::to_owned),
                sha256: text_of(part, "ChecksumSHA256").map(str::to_owned),
                when: text_of(part, "LastModified").and_then(|time| time.parse().ok()),
            })
        })
        .collect();
    let next = text_of(root, "NextPartNumberMarker").and_then(|marker| marker.parse().ok());
    Some(Page { items, next: next.filter(|_| is_truncated(root)) })
}

/// The uploads that were begun and not ended.
pub(super) fn uploads(text: &str) -> Option<Page<Unfinished, (String, String)>> {
    let document = Document::parse(text).ok()?;
    let root = document.root_element();
    let items = children(root, "Upload")
        .filter_map(|upload| {
            Some(Unfinished {
                key: text_of(upload, "Key")?.to_owned(),
                id: text_of(upload, "UploadId")?.to_owned(),
                begun: text_of(upload, "Initiated").and_then(|time| time.parse().ok()),
            })
        })
        .collect();
    let next = text_of(root, "NextKeyMarker")
        .filter(|_| is_truncated(root))
        .map(|key| (key.to_owned(), text_of(root, "NextUploadIdMarker").unwrap_or_default().to_owned()));
    Some(Page { items, next })
}

/// What tells a store to put its parts together: of each in order its entity tag and, if there is one, the name and the
/// value of its checksum.
pub(super) fn completion<'a>(
    parts: impl Iterator<Item = (&'a str, Option<(&'static str, &'a str)>)>,
) -> String {
    let mut body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".to_owned();
    for (index, (etag, sum)) in parts.enumerate() {
        // Writing into a String cannot fail.
        _ = write!(body, "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag>", index + 1, escaped(etag));
        if let Some((name, sum)) = sum {
            _ = write!(body, "<{name}>{}</{name}>", escaped(sum));
        }
        body.push_str("</Part>");
    }
    body.push_str("</CompleteMultipartUpload>");
    body
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn is_truncated(root: Node<'_, '_>) -> bool {
    text_of(root, "IsTruncated") == Some("true")
}

fn children<'a, 'input>(of: Node<'a, 'input>, name: &'static str) -> impl Iterator<Item = Node<'a, 'input>> {
    of.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn text_of<'a>(of: Node<'a, '_>, name: &'static str) -> Option<&'a str> {
    children(of, name).next().and_then(|child| child.text()).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_with_and_without_a_namespace_and_with_parts_of_it_missing() {
        let with = r#"<?xml version="1.0"?><ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <Part><PartNumber>1</PartNumber><ETag>"a1"</ETag><Size>5</Size><ChecksumSHA256>x=</ChecksumSHA256></Part>
            <IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker></ListPartsResult>"#;
        let page = parts(with).unwrap();
        assert_eq!(page.next, Some(1));
        let (etag, sha256) = (Some("\"a1\"".to_owned()), Some("x=".to_owned()));
        let part = HeldPart { number: 1, bytes: 5, etag, sha256, when: None };
        assert_eq!(page.items, [part]);

        let without = "<ListPartsResult><Part><PartNumber>2</PartNumber><Size>7</Size></Part>\
                       <Part><PartNumber>x</PartNumber><Size>7</Size></Part></ListPartsResult>";
        let page = parts(without).unwrap();
        assert_eq!((page.items.len(), page.next), (1, None));
        assert_eq!(page.items[0].etag, None);
    }

    #[test]
    fn a_list_that_says_it_is_whole_has_no_next_page_whatever_marker_it_gives() {
        let text = "<R><IsTruncated>false</IsTruncated><NextPartNumberMarker>9</NextPartNumberMarker>\
                    <NextKeyMarker>k</NextKeyMarker></R>";
        assert_eq!(parts(text).unwrap().next, None);
        assert_eq!(uploads(text).unwrap().next, None);
    }

    #[test]
    fn what_a_store_made_up_goes_back_to_it_escaped() {
        let body = completion([("\"a<b>&\"", Some(("ChecksumSHA256", "s="))), ("e", None)].into_iter());
        let document = Document::parse(&body).unwrap();
        let tags: Vec<_> =
            children(document.root_element(), "Part").map(|p| text_of(p, "ETag").unwrap()).collect();
        assert_eq!(tags, ["\"a<b>&\"", "e"]);
    }

    #[test]
    fn a_complaint_with_success_is_a_complaint_and_rubbish_is_nothing() {
        let text = "<Error><Code>InternalError</Code><Message>try again</Message></Error>";
        assert_eq!(complaint(text).unwrap().code, "InternalError");
        assert!(!is_completed(text));
        for rubbish in ["", "<", "{}", "<!DOCTYPE a [<!ENTITY b \"c\">]><Error><Code>&b;</Code></Error>"] {
            assert_eq!(complaint(rubbish), None);
            assert!(parts(rubbish).is_none() && uploads(rubbish).is_none() && upload_id(rubbish).is_none());
        }
    }
}
