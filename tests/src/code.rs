//! Reading the QR codes that pages show, as a telephone's camera does.

/// How many dots of a picture a module is wide.
const DOTS: usize = 4;

/// What the first code on a page says.
///
/// # Panics
/// If there is none, or it can not be read.
#[must_use]
pub fn code_on(page: &str) -> String {
    let svg = page.split("<svg xmlns").nth(1).and_then(|rest| rest.split("</svg>").next());
    let svg = svg.unwrap_or_else(|| panic!("no code is on this page: {page}"));
    let number = |text: &str| -> usize { text.parse().unwrap_or_else(|_| panic!("{text} in {svg}")) };
    let part = |from: &str| svg.split(from).nth(1).and_then(|rest| rest.split('"').next());
    let width = part("viewBox=\"0 0 ").and_then(|size| size.split(' ').next()).map(number);
    let width = width.expect("the size of the code");
    let mut dark = vec![false; width * width];
    // Each run of dark modules: M column row h length v1 h-length z.
    for run in part("fill=\"#000\" d=\"").expect("the dark modules").split('M').skip(1) {
        let numbers: Vec<usize> =
            run.split(|c: char| !c.is_ascii_digit()).filter(|text| !text.is_empty()).map(number).collect();
        let [column, row, length, ..] = numbers[..] else { panic!("{run}") };
        dark[row * width + column..][..length].fill(true);
    }
    let side = width * DOTS;
    let mut picture =
        rqrr::PreparedImage::prepare_from_bitmap(side, side, |x, y| dark[y / DOTS * width + x / DOTS]);
    let codes = picture.detect_grids();
    let [code] = codes.as_slice() else { panic!("{} codes are seen", codes.len()) };
    code.decode().expect("a code that can be read").1
}
