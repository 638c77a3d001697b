//! Files that mean harm, and files that a machine made up.

use proptest::prelude::*;

use super::*;

#[test]
fn a_file_made_to_be_costly_is_refused() {
    let columns = format!("title{}\n", ",x".repeat(5_000_000));
    assert!(matches!(plain_error(&columns), ImportError::TooLarge { .. }));
    let wide = (0..300).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",");
    assert!(matches!(plain_error(&wide), ImportError::TooLarge { what: "columns", .. }));
    let long_row = format!("title,text\nA{}\nB,y\n", ",x".repeat(100_000));
    let outcome = plain(&long_row);
    assert_eq!((outcome.rows.len(), outcome.rejected.len()), (1, 1));
    let rows = "title\n".to_owned() + &"x\n".repeat(MAX_ROWS + 1);
    assert!(matches!(plain_error(&rows), ImportError::TooLarge { what: "rows", .. }));
    let keys = (0..300).map(|at| format!("\"k{at}\":1")).collect::<Vec<_>>().join(",");
    assert_eq!(plain(&format!("{{{keys}}}\n{{\"title\":\"A\"}}")).rejected.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_bring_the_import_down(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &Options::default());
    }

    #[test]
    fn every_row_of_a_table_is_accounted_for_and_fits_a_listing(
        text in "(id|name|title|kind|count|until|place|status|lat|lon|language|,|;|\t|\"|\n|\r|[a-z0-9 .äß-]|\\PC){0,120}",
        json in any::<bool>(),
    ) {
        let name = if json { "a.json" } else { "a_de.csv" };
        let with_title = format!("title,id,{text}");
        for text in [text, with_title] {
            let options = Options { file_name: Some(name.to_owned()), ..Options::default() };
            let first = read(text.as_bytes(), &options);
            prop_assert_eq!(&first, &read(text.as_bytes(), &options));
            for row in first.map(|outcome| outcome.rows).unwrap_or_default() {
                prop_assert!(row.listing.clone().into_listing().checked() == Ok(row.listing.into_listing()));
                prop_assert!(row.line >= 1 && row.line as usize <= text.lines().count().max(1) + text.matches('\r').count());
            }
        }
    }

    #[test]
    fn what_is_written_as_csv_is_read_back(
        rows in proptest::collection::vec(("[A-Za-zäöü ,;\"\n-]{0,40}x", "[A-Za-z ,;\"\n]{0,80}", 1_u32..100_000), 1..20),
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
        writer.write_record(["title", "text", "count"]).unwrap();
        for (title, text, count) in &rows {
            writer.write_record([title.as_str(), text.as_str(), &count.to_string()]).unwrap();
        }
        let outcome = read(&writer.into_inner().unwrap(), &Options::default()).unwrap();
        prop_assert_eq!(&outcome.rejected, &[]);
        prop_assert_eq!(outcome.rows.len(), rows.len());
        for (row, (title, _, count)) in outcome.rows.iter().zip(&rows) {
            prop_assert_eq!(&row.listing.title, &record::tidy_line(title));
            prop_assert_eq!(row.listing.count, *count);
        }
    }
}
