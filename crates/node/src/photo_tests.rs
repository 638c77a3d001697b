use std::time::{Duration, Instant};

use image::codecs::png::PngEncoder;
use image::{ImageEncoder as _, Rgb, Rgba, RgbaImage};

use super::*;

/// A picture whose upper half is red and whose lower half is blue.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(
        width,
        height,
        |_, y| if y < height / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) },
    )
}

fn as_jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 90)
        .encode(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// A photo as a phone makes it: EXIF with an orientation and a place.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    tiff.extend(2_u16.to_be_bytes());
    tiff.extend(entry(0x0112, 3, 1, [0, orientation, 0, 0]));
    tiff.extend(entry(0x8825, 4, 1, 38_u32.to_be_bytes()));
    tiff.extend(0_u32.to_be_bytes());
    assert_eq!(tiff.len(), 38);
    tiff.extend(2_u16.to_be_bytes());
    tiff.extend(entry(1, 2, 2, *b"N\0\0\0"));
    tiff.extend(entry(2, 5, 3, 68_u32.to_be_bytes()));
    tiff.extend(0_u32.to_be_bytes());
    for number in [49_u32, 1, 0, 1, 33, 1] {
        tiff.extend(number.to_be_bytes());
    }
    tiff.extend(b"GPSPLACE");
    let exif = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// The kinds of the segments before a JPEG's picture.
fn segments(jpeg: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    let mut at = 2;
    loop {
        assert_eq!(jpeg[at], 0xff);
        let kind = jpeg[at + 1];
        kinds.push(kind);
        if kind == 0xda {
            return kinds;
        }
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
}

fn read(jpeg: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
}

fn is_red(pixel: &Rgb<u8>) -> bool {
    pixel.0[0] > 150 && pixel.0[2] < 100
}

fn why(file: &[u8]) -> String {
    let begun = Instant::now();
    let error = prepare(file).unwrap_err().to_string();
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    error
}

#[test]
fn a_phones_photo_comes_out_upright_and_without_the_place_where_it_was_taken() {
    // Orientation 6: the picture has to be turned by 90 degrees clockwise, so that its upper half is at the right.
    let file = with_exif(&as_jpeg(&halves(1_600, 1_200)), 6);
    assert!(file.windows(8).any(|part| part == b"GPSPLACE"));
    let out = prepare(&file).unwrap();
    for (jpeg, sides) in [(&out.photo, (960, 1_280)), (&out.thumb, (240, 320))] {
        let image = read(jpeg);
        assert_eq!(image.dimensions(), sides);
        let (right, left) = (sides.0 * 9 / 10, sides.0 / 10);
        assert!(is_red(image.get_pixel(right, sides.1 / 2)));
        assert!(!is_red(image.get_pixel(left, sides.1 / 2)));
        // JFIF's own header, tables, the frame, the picture: no EXIF (e1), no ICC (e2), no comment (fe).
        assert!(segments(jpeg).iter().all(|kind| matches!(kind, 0xe0 | 0xdb | 0xc0 | 0xc4 | 0xda)));
        assert!(!jpeg.windows(8).any(|part| part == b"GPSPLACE"));
        assert!(!jpeg.windows(4).any(|part| part == b"Exif"));
    }
    let upright = prepare(&with_exif(&as_jpeg(&halves(400, 300)), 1)).unwrap();
    assert!(is_red(read(&upright.photo).get_pixel(200, 20)));
}

#[test]
fn the_hardest_picture_fits_and_a_small_one_stays_as_small() {
    let mut state = 7_u32;
    let noise = RgbImage::from_fn(2_000, 1_500, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let out = prepare(&as_jpeg(&noise)).unwrap();
    assert!(out.photo.len() <= MAX_PHOTO as usize && out.thumb.len() <= MAX_THUMB as usize);
    assert!(read(&out.photo).width() > 200, "it is not shrunk to nothing");
    let out = prepare(&as_jpeg(&halves(60, 40))).unwrap();
    assert_eq!(read(&out.photo).dimensions(), (60, 40));
    assert_eq!(prepare(&as_jpeg(&halves(60, 40))).unwrap(), out, "the same photo has one name");
}

#[test]
fn png_and_webp_are_read_and_what_can_be_seen_through_is_white() {
    let glass = RgbaImage::from_pixel(50, 50, Rgba([0, 0, 0, 0]));
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(glass.as_raw(), 50, 50, ExtendedColorType::Rgba8).unwrap();
    let mut webp = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
        .encode(glass.as_raw(), 50, 50, ExtendedColorType::Rgba8)
        .unwrap();
    for file in [png, webp] {
        let out = read(&prepare(&file).unwrap().photo);
        assert!(out.pixels().all(|pixel| pixel.0.iter().all(|colour| *colour > 250)));
    }
}

#[test]
fn what_is_no_photo_is_refused_with_a_sentence_that_helps() {
    assert!(why(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").contains("Most Compatible"));
    assert!(why(b"GIF89a and so on").contains("JPEG, PNG or WebP"));
    assert!(why(b"").contains("JPEG, PNG or WebP"));
    assert!(why(&vec![0xff; MAX_PHOTO_FILE + 1]).contains("12 MiB"));
    let jpeg = as_jpeg(&halves(400, 300));
    assert!(why(&jpeg[..300]).contains("damaged"));
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    // A PNG that says it has 60,000 times 60,000 pixels, and a JPEG of 8,000 times 8,000.
    let mut png = Vec::new();
    let dot = RgbaImage::from_pixel(1, 1, Rgba([0, 0, 0, 255]));
    PngEncoder::new(&mut png).write_image(dot.as_raw(), 1, 1, ExtendedColorType::Rgba8).unwrap();
    png[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    assert!(why(&png).contains("24 million"), "{}", why(&png));
    let mut jpeg = as_jpeg(&halves(64, 64));
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x1f, 0x40, 0x1f, 0x40]);
    assert!(why(&jpeg).contains("24 million"), "{}", why(&jpeg));
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_damaged_file_panics(at in 2_usize..2_000, with: u8, cut in 100_usize..4_000) {
        let mut file = with_exif(&as_jpeg(&halves(64, 48)), 3);
        let at = at % file.len();
        file[at] = with;
        file.truncate(cut);
        let _ = prepare(&file);
    }
}
