//! The requests.

use http::HeaderValue;
use tower_didit_comparison::applications::access_token;

/// The head of a request, by its name.
pub(crate) fn head(name: &str, cookie: &HeaderValue) -> String {
    let cookie = cookie.to_str().expect("ASCII");
    let cookie = format!("cookie: {cookie}\r\n");
    match name {
        "public" => format!("GET / HTTP/1.1\r\n{PROGRAM}\r\n"),
        "public-cookie" => format!("GET / HTTP/1.1\r\n{PROGRAM}{cookie}\r\n"),
        "public-chromium" => format!("GET / HTTP/1.1\r\n{CHROMIUM}{cookie}\r\n"),
        "user" => format!("GET /user HTTP/1.1\r\n{PROGRAM}{cookie}\r\n"),
        "session" => format!("GET /session HTTP/1.1\r\n{PROGRAM}{cookie}\r\n"),
        "bearer" => {
            let token = access_token();
            format!("GET /user HTTP/1.1\r\n{PROGRAM}authorization: Bearer {token}\r\n\r\n")
        }
        _ => panic!("no request of this name: {name}"),
    }
}

const PROGRAM: &str = "host: app.example\r\nuser-agent: bench\r\naccept: */*\r\n";

/// A navigation of Chromium 140 on Linux.
const CHROMIUM: &str = "Host: app.example\r\n\
    Connection: keep-alive\r\n\
    sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/140.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,\
    */*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-User: ?1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Referer: https://app.example/\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\n";
