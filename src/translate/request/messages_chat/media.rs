//! Base64 media in requests.

/// What the first bytes say it is. Each mark is how the format's magic number looks in base64.
pub(super) fn sniff(base64: &str) -> Option<&'static str> {
    let is = |mark: &str| base64.starts_with(mark);
    Some(if is("iVBORw0KGgo") {
        "image/png"
    } else if is("/9j/") {
        "image/jpeg"
    } else if is("R0lGOD") {
        "image/gif"
    } else if is("UklGR") && base64.get(12..16) == Some("RUJQ") {
        "image/webp"
    } else if is("JVBERi") {
        "application/pdf"
    } else {
        return None;
    })
}

pub(super) fn data_url(media_type: &str, base64: &str) -> String {
    format!("data:{media_type};base64,{base64}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};

    #[test]
    fn edge_87_media_are_what_their_bytes_say() {
        let cases: [(&[u8], Option<&str>); 6] = [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some("image/png")),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some("image/jpeg")),
            (b"GIF89a\x01\0", Some("image/gif")),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"%PDF-1.7\n", Some("application/pdf")),
            (b"RIFF\x24\0\0\0WAVEfmt ", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(sniff(&STANDARD.encode(bytes)), expected);
        }
        assert_eq!(sniff("UklGRé"), None);
    }
}
