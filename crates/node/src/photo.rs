//! Photos as people give them, made small and bare: what leaves a node shows the picture, and not where or with
//! what it was taken.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits,
    RgbImage,
};
use record::limits::{MAX_PHOTO, MAX_THUMB};

use crate::error::NodeError;

/// The largest file that is taken.
pub const MAX_PHOTO_FILE: usize = 12 * 1024 * 1024;
/// The longest side that is taken, and the most pixels: what a camera of today makes.
const MAX_SIDE: u32 = 8_192;
const MAX_PIXELS: u64 = 24_000_000;
/// What reading may take of memory, in bytes: the most pixels with four bytes each, and some room.
const MAX_MEMORY: u64 = 112 * 1024 * 1024;
/// The longest side of a photo, and of a thumbnail, in pixels.
const PHOTO_SIDE: u32 = 1_280;
const THUMB_SIDE: u32 = 320;
/// The JPEG qualities that are tried, one after the other; then the picture gets smaller.
const QUALITIES: [u8; 6] = [82, 74, 66, 58, 50, 42];

/// A photo and its thumbnail: JPEGs without metadata, within the bounds of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prepared {
    pub(crate) photo: Vec<u8>,
    pub(crate) thumb: Vec<u8>,
}

/// Reads a photo out of a file: JPEG, PNG or WebP.
///
/// # Errors
/// What to do instead, for a person.
pub(crate) fn prepare(file: &[u8]) -> Result<Prepared, NodeError> {
    if file.len() > MAX_PHOTO_FILE {
        return refused("the photo's file is larger than 12 MiB: let the camera make smaller ones");
    }
    let (image, orientation) = decode(file)?;
    let mut photo = flat(&shrunk(&image, PHOTO_SIDE));
    drop(image);
    photo.apply_orientation(orientation);
    let thumb = shrunk(&photo, THUMB_SIDE);
    Ok(Prepared {
        photo: jpeg(photo.into_rgb8(), MAX_PHOTO as usize)?,
        thumb: jpeg(thumb.into_rgb8(), MAX_THUMB as usize)?,
    })
}

fn refused<T>(why: &str) -> Result<T, NodeError> {
    Err(NodeError::Invalid(why.to_owned()))
}

fn decode(file: &[u8]) -> Result<(DynamicImage, Orientation), NodeError> {
    let format = match image::guess_format(file) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => format,
        _ if is_heic(file) => {
            return refused(
                "this is a HEIC photo, which few browsers can show: let the camera make JPEGs (on an iPhone: \
                 Settings, Camera, Formats, Most Compatible), or save this one as JPEG",
            );
        }
        _ => return refused("this is no photo that can be read here: give a JPEG, PNG or WebP file"),
    };
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width).saturating_mul(height.into()) > MAX_PIXELS || decoder.total_bytes() > MAX_MEMORY {
        return too_large();
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder).map_err(unreadable)?, orientation))
}

fn too_large<T>() -> Result<T, NodeError> {
    refused("the photo has more than 24 million pixels, or a side longer than 8,192: make it smaller first")
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the kinds of a library's error")]
fn unreadable(error: ImageError) -> NodeError {
    match error {
        ImageError::Limits(_) => too_large::<()>().err().unwrap_or(NodeError::Stopped),
        other => {
            let why: String = other.to_string().chars().take(160).collect();
            NodeError::Invalid(format!("the photo can not be read, its file may be damaged: {why}"))
        }
    }
}

/// What iPhones make unless they are told otherwise: a box `ftyp` with one of these brands.
fn is_heic(file: &[u8]) -> bool {
    let brand = file.get(8..12).filter(|_| file.get(4..8) == Some(b"ftyp"));
    brand.is_some_and(|brand| {
        [b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim"].iter().any(|it| brand == *it)
    })
}

/// No side longer than this; a small picture stays as it is.
fn shrunk(image: &DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) > side { image.thumbnail(side, side) } else { image.clone() }
}

/// What can be seen through shows white.
fn flat(image: &DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return DynamicImage::ImageRgb8(image.to_rgb8());
    }
    let image = image.to_rgba8();
    let flat = RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0;
        let on_white = |colour: u8| {
            let (colour, alpha) = (u32::from(colour), u32::from(alpha));
            u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
        };
        image::Rgb([red, green, blue].map(on_white))
    });
    DynamicImage::ImageRgb8(flat)
}

/// A JPEG of at most so many bytes: of less quality, and then smaller, until it fits.
fn jpeg(mut image: RgbImage, most: usize) -> Result<Vec<u8>, NodeError> {
    loop {
        for quality in QUALITIES {
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, quality)
                .encode(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
                .map_err(unreadable)?;
            if bytes.len() <= most {
                return Ok(bytes);
            }
        }
        let (width, height) = (image.width() * 3 / 4, image.height() * 3 / 4);
        if width == 0 || height == 0 {
            return refused("the photo is too long and thin to be shown");
        }
        image = image::imageops::thumbnail(&image, width, height);
    }
}

#[cfg(test)]
#[path = "photo_tests.rs"]
mod tests;
