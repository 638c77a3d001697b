//! Photos from a file on one machine to the page of another, with real processes.

use std::fs;

use tests::{Home, Node, PATIENCE, RED, raw, wait_until};

/// The part of a data folder's path that names a photo.
fn kept(home: &Home, name: &str) -> std::path::PathBuf {
    home.data().join("photos").join(&name[..2]).join(name)
}

fn request(node: &Node, path: &str, accept: &str) -> String {
    let http = node.ready().http.trim_start_matches("http://");
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {http}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    raw(http, head.as_bytes())
}

#[test]
fn a_photo_goes_from_a_file_here_to_a_page_there() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let other = Home::new().up(&["--peer", one.address(), "--join", &one.link()]);
    let file = one.home().file("red.png", RED);
    let offered = one.json(&["offer", "Farbe", "--photo", &file, "--alt", "Rot"]);
    let photo = &offered["photos"][0];
    assert_eq!(photo["alt"], "Rot", "{offered:#}");
    let name = |field: &str| photo[field].as_str().unwrap().to_owned();
    let (whole, thumb) = (name("photo"), name("thumb"));
    wait_until("the thumbnail", PATIENCE, || {
        if kept(other.home(), &thumb).exists() { Ok(()) } else { Err("it is not there".to_owned()) }
    });
    let page = request(&other, "/", "text/html");
    let image = format!("src=\"/photo/{thumb}\" width=\"160\" height=\"120\" loading=\"lazy\"");
    assert!(page.contains(&image) && page.contains("alt=\"Rot\""), "{page}");
    let answer = request(&other, &format!("/photo/{whole}"), "text/html,image/jpeg");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let head = answer.to_lowercase();
    for line in [
        "content-type: image/jpeg\r\n",
        "x-content-type-options: nosniff\r\n",
        "cache-control: public, max-age=31536000, immutable\r\n",
        "content-security-policy: default-src 'none'; sandbox;",
        &format!("etag: \"{whole}\"\r\n"),
    ] {
        assert!(head.contains(line), "{line} is not in {head}");
    }
    let bytes = fs::read(kept(one.home(), &whole)).unwrap();
    assert!(bytes.starts_with(&[0xff, 0xd8]));
    assert_eq!(fs::read(kept(other.home(), &whole)).unwrap(), bytes);

    let unknown = "0".repeat(64);
    for name in [unknown.as_str(), "..%2f..%2froot.key", "x"] {
        assert!(request(&other, &format!("/photo/{name}"), "*/*").starts_with("HTTP/1.1 404"), "{name}");
    }
    let off = one.json(&["edit", offered["key"].as_str().unwrap(), "--no-photos"]);
    assert_eq!(off.get("photos"), None, "{off:#}");
}

#[test]
fn a_photo_whose_file_is_damaged_is_fetched_again_from_a_peer() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let other = Home::new().up(&["--peer", one.address(), "--join", &one.link()]);
    let file = one.home().file("red.png", RED);
    let offered = one.json(&["offer", "Farbe", "--photo", &file, "--alt", "Rot"]);
    let name = offered["photos"][0]["photo"].as_str().unwrap();
    let look = || {
        wait_until("the photo is looked at", PATIENCE, || {
            let answer = request(&other, &format!("/photo/{name}"), "text/html,image/jpeg");
            if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer) }
        });
        fs::read(kept(other.home(), name)).unwrap()
    };
    let whole = look();
    for damaged in [&whole[..whole.len() / 2], &[]] {
        fs::write(kept(other.home(), name), damaged).unwrap();
        assert_eq!(look(), whole);
    }
}

#[test]
fn a_photo_that_can_not_be_read_is_refused_with_what_to_do() {
    let home = Home::with_circle();
    let heic = home.file("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let output = home.cli(&["offer", "Leiter", "--photo", &heic]).ended(1);
    assert!(output.stderr.contains("IMG_1.HEIC") && output.stderr.contains("JPEG"), "{output:?}");
    assert_eq!(home.json(&["list"]), serde_json::json!([]));
}

#[test]
fn the_photos_of_what_a_node_hides_leave_its_disk_and_come_back_with_it() {
    let one = Home::new().up(&["--circle", "Gartenstraße"]);
    let other = Home::new().up(&["--peer", one.address(), "--join", &one.link()]);
    let file = one.home().file("red.png", RED);
    let offered = one.json(&["offer", "Farbe", "--photo", &file]);
    let thumb = offered["photos"][0]["thumb"].as_str().unwrap().to_owned();
    let there = |wanted: bool| {
        wait_until("the thumbnail comes and goes", PATIENCE, || {
            let there = kept(other.home(), &thumb).exists();
            if there == wanted { Ok(()) } else { Err(format!("it is there: {there}")) }
        });
    };
    there(true);
    let key = offered["key"].as_str().unwrap();
    other.run(&["hide", key]);
    there(false);
    other.run(&["unhide", key]);
    there(true);
}
