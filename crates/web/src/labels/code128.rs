//! Code 128 in its code set C, two digits in each symbol: ISO/IEC 15417.

/// The widths, in modules, of bar and space in turn of the symbols 0 to 105.
#[rustfmt::skip]
const SYMBOLS: [&str; 106] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232",
];
/// What begins the code in set C.
const START_C: usize = 105;
/// What ends it.
const STOP: &str = "2331112";
/// The check symbol is a sum modulo this.
const MODULUS: usize = 103;
/// How many modules stay light on each side.
pub(super) const QUIET: usize = 10;

/// A code of bars: the widths, in modules, of bar and space in turn; the first and the last are bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bars(Vec<u8>);

impl Bars {
    /// The code of some digits, each from 0 to 9; the last one is left out where their number is odd.
    pub(crate) fn of_digits(digits: &[u8]) -> Self {
        let (pairs, _) = digits.as_chunks::<2>();
        let values: Vec<usize> = pairs.iter().map(|[ten, one]| usize::from(ten * 10 + one)).collect();
        let weighted = (1..).zip(&values).map(|(place, value)| place * value);
        let check = (START_C + weighted.sum::<usize>()) % MODULUS;
        let all = std::iter::once(START_C).chain(values).chain([check]);
        let symbols = all.filter_map(|value| SYMBOLS.get(value)).chain([&STOP]);
        Self(symbols.flat_map(|widths| widths.bytes()).map(|width| width - b'0').collect())
    }

    /// How many modules it is wide, the quiet zones included.
    pub(crate) fn width(&self) -> usize {
        2 * QUIET + self.0.iter().map(|width| usize::from(*width)).sum::<usize>()
    }

    /// Where each bar begins, in modules from the left edge of the quiet zone, and how many it is wide.
    pub(crate) fn bars(&self) -> Vec<(usize, usize)> {
        let mut at = QUIET;
        let mut bars = Vec::new();
        for (place, width) in self.0.iter().map(|width| usize::from(*width)).enumerate() {
            if place % 2 == 0 {
                bars.push((at, width));
            }
            at += width;
        }
        bars
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The light and dark modules, without quiet zones.
    fn modules(bars: &Bars) -> String {
        let mut row = vec!['0'; bars.width()];
        for (at, width) in bars.bars() {
            row[at..at + width].fill('1');
        }
        assert!(row[..QUIET].iter().chain(&row[row.len() - QUIET..]).all(|module| *module == '0'));
        row[QUIET..row.len() - QUIET].iter().collect()
    }

    /// What a reader sees by the distances between like edges (leading to leading, trailing to trailing), which stay
    /// as they are when ink spreads: it never looks at how wide a bar is, except to tell two symbols apart.
    fn scanned(modules: &str) -> String {
        let mut widths = Vec::new();
        let mut rest = modules;
        while let Some(first) = rest.chars().next() {
            let run = rest.len() - rest.trim_start_matches(first).len();
            widths.push(run);
            rest = &rest[run..];
        }
        let edges = |widths: &[usize]| {
            let like: Vec<usize> = widths.windows(2).take(4).map(|two| two[0] + two[1]).collect();
            (like, widths[0] + widths[2] + widths[4])
        };
        let symbols: Vec<Vec<usize>> = SYMBOLS
            .iter()
            .map(|symbol| symbol.bytes().map(|byte| usize::from(byte - b'0')).collect())
            .collect();
        let read: Vec<usize> = widths[..widths.len() - 7]
            .chunks(6)
            .map(|seen| symbols.iter().position(|symbol| edges(symbol) == edges(seen)).expect("a symbol"))
            .collect();
        assert_eq!(widths[widths.len() - 7..], [2, 3, 3, 1, 1, 1, 2], "it ends");
        let [start, values @ .., check] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!(*start, 105, "it begins in set C");
        let mut sum = *start;
        for (at, value) in values.iter().enumerate() {
            sum += (at + 1) * value;
        }
        assert_eq!(sum % 103, *check, "its check symbol is right");
        values.iter().map(|value| format!("{value:02}")).collect()
    }

    #[test]
    fn each_symbol_is_one_of_its_kind() {
        let mut seen = std::collections::BTreeSet::new();
        for symbol in SYMBOLS {
            let widths: Vec<u8> = symbol.bytes().map(|byte| byte - b'0').collect();
            assert!(widths.len() == 6 && widths.iter().all(|width| (1..=4).contains(width)), "{symbol}");
            assert_eq!(widths.iter().sum::<u8>(), 11, "{symbol} is eleven modules");
            assert_eq!((widths[0] + widths[2] + widths[4]) % 2, 0, "the bars of {symbol} are even");
            assert!(seen.insert(symbol), "{symbol} is there twice");
        }
        assert_eq!(seen.len(), 106);
    }

    #[test]
    fn a_known_code_has_its_known_bars() {
        // The widths that the standard's tables give for start C, 12, 34, the check symbol 82 and stop.
        let widths: String = Bars::of_digits(&[1, 2, 3, 4]).0.iter().map(u8::to_string).collect();
        assert_eq!((105 + 12 + 2 * 34) % 103, 82);
        assert_eq!(widths, ["211232", "112232", "131123", "121241", "2331112"].concat());
        assert_eq!(
            modules(&Bars::of_digits(&[1, 2])),
            ["11010011100", "10110011100", "10011001110", "1100011101011"].concat()
        );
    }

    #[test]
    fn what_a_scanner_reads_is_the_number() {
        for number in [12_345_678_u32, 10_000_000, 99_999_999, 40_302_010] {
            let text = number.to_string();
            let digits: Vec<u8> = text.bytes().map(|byte| byte - b'0').collect();
            let bars = Bars::of_digits(&digits);
            assert_eq!(scanned(&modules(&bars)), text);
            assert_eq!(bars.width(), 99, "start, four pairs, check, stop, and the quiet zones");
        }
        for pair in 0..100_u8 {
            let bars = Bars::of_digits(&[pair / 10, pair % 10]);
            assert_eq!(scanned(&modules(&bars)), format!("{pair:02}"));
        }
    }
}
