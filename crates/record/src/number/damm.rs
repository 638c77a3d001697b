//! The check digit: H. M. Damm, *Total anti-symmetrische Quasigruppen*, doctoral thesis, Marburg 2004
//! (<https://archiv.ub.uni-marburg.de/diss/z2004/0516>).
//!
//! Each digit leads from one interim digit to the next by a quasigroup that is weakly totally anti-symmetric: that is
//! what finds every single wrong digit and every swap of neighbours. The tests show it of this very table.

/// From the interim digit (row) and the next digit (column) to the next interim digit. The diagonal is zero, so that
/// the check digit is the interim digit itself.
pub(super) const QUASIGROUP: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// The digit that makes these digits right when it stands behind them. Each is from 0 to 9.
pub(super) fn check_digit(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |interim, digit| {
        let row = QUASIGROUP.get(usize::from(interim));
        row.and_then(|row| row.get(usize::from(*digit))).copied().unwrap_or_default()
    })
}

/// Whether the last of these digits is the check digit of those before it.
pub(super) fn is_right(digits: &[u8]) -> bool {
    check_digit(digits) == 0
}
