//! Shows the files of one audit on this machine's own loopback address, so that somebody can look at them in a browser.
//!
//! Only the files handed over are served, by exact name; nothing is read from disk per request. Must never listen on an
//! address that another machine can reach.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpResponse, HttpServer, web};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// A file to show.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// Media type, e.g. `text/html; charset=utf-8`.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Exhibit {
    /// The exhibit for a file of this name; the media type follows from the ending.
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        let ending = Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default();
        let media_type = match ending {
            "html" => "text/html; charset=utf-8",
            "json" => "application/json",
            "csv" => "text/csv; charset=utf-8",
            "pdf" => "application/pdf",
            "pem" => "application/x-pem-file",
            _ => "text/plain; charset=utf-8",
        };
        Self { media_type, bytes }
    }
}

/// Files by name; `/` shows `front`.
pub type Exhibits = BTreeMap<String, Exhibit>;

/// The reports bring their own styles and nothing else; no script, no foreign origin, no framing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async fn show(exhibits: web::Data<(String, Exhibits)>, name: web::Path<String>) -> HttpResponse {
    let (front, files) = exhibits.get_ref();
    let wanted = if name.is_empty() { front.as_str() } else { name.as_str() };
    match files.get(wanted) {
        Some(file) => HttpResponse::Ok().content_type(file.media_type).body(file.bytes.clone()),
        None => HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("there is no such page here\n"),
    }
}

fn headers() -> DefaultHeaders {
    let add = |h: DefaultHeaders, name: HeaderName, value: &'static str| h.add((name, HeaderValue::from_static(value)));
    let h = add(DefaultHeaders::new(), header::CONTENT_SECURITY_POLICY, POLICY);
    let h = add(h, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let h = add(h, header::CACHE_CONTROL, "no-store");
    add(h, header::REFERRER_POLICY, "no-referrer")
}

/// Serves until the process is told to stop (Ctrl-C). `ready` is called with the address once the port is open.
///
/// # Errors
/// When the port is taken (port 0 takes a free one) or the server cannot run.
pub fn serve(front: &str, exhibits: Exhibits, port: u16, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let data = web::Data::new((front.to_owned(), exhibits));
    let app = move || App::new().app_data(data.clone()).wrap(headers()).route("/{name:.*}", web::get().to(show));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(app).workers(1).bind((Ipv4Addr::LOCALHOST, port))?;
        if let Some(address) = server.addrs().first() {
            ready(*address);
        }
        server.run().await
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test;

    #[actix_web::test]
    async fn only_what_was_handed_over_is_shown_and_every_answer_is_fenced() {
        let files = Exhibits::from([("report.html".to_owned(), Exhibit::new("report.html", b"<p>hello</p>".to_vec()))]);
        let data = web::Data::new(("report.html".to_owned(), files));
        let app = App::new().app_data(data).wrap(headers()).route("/{name:.*}", web::get().to(show));
        let app = test::init_service(app).await;
        for (path, status) in
            [("/", 200), ("/report.html", 200), ("/other", 404), ("/../Cargo.toml", 404), ("/%2e%2e/Cargo.toml", 404)]
        {
            let answer = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
            assert_eq!(answer.status().as_u16(), status, "{path}");
            assert_eq!(answer.headers().get("content-security-policy").unwrap(), POLICY);
            assert_eq!(answer.headers().get("x-content-type-options").unwrap(), "nosniff");
        }
    }
}
