//! Tantivy with the same task.

use std::ops::Bound;
use std::sync::Arc;

use record::Listing;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, Query, RangeQuery, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use super::{BEST, Engine, KM};
use crate::Outcome;
use crate::market::Asked;

/// What it may collect before it writes a segment, in bytes.
const BUDGET: usize = 256 * 1024 * 1024;
/// The same for single listings.
const SMALL_BUDGET: usize = 16 * 1024 * 1024;
const KM_OF_A_DEGREE: f64 = 111.2;

#[derive(Clone, Copy)]
struct Fields {
    number: Field,
    words: Field,
    category: Field,
    north: Field,
    east: Field,
}

pub(crate) struct Tantivy {
    fields: Fields,
    writer: IndexWriter,
    reader: IndexReader,
}

impl Fields {
    fn document(self, number: u32, listing: &Listing) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_u64(self.number, number.into());
        document.add_text(self.words, format!("{} {}", listing.title, listing.text));
        document.add_text(self.category, &listing.category);
        if let Some(cell) = listing.cell {
            let (north, east) = cell.centre();
            document.add_f64(self.north, north);
            document.add_f64(self.east, east);
        }
        document
    }
}

impl Engine for Tantivy {
    fn build(listings: &[Arc<Listing>]) -> Outcome<Self> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs);
        let fields = Fields {
            number: schema.add_u64_field("number", FAST),
            words: schema.add_text_field("words", TextOptions::default().set_indexing_options(indexing)),
            category: schema.add_text_field("category", STRING),
            north: schema.add_f64_field("north", FAST),
            east: schema.add_f64_field("east", FAST),
        };
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, BUDGET)?;
        for (number, listing) in (0..).zip(listings) {
            writer.add_document(fields.document(number, listing))?;
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        let writer = index.writer_with_num_threads(1, SMALL_BUDGET)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { fields, writer, reader })
    }

    fn search(&self, asked: &Asked) -> Outcome<Vec<u32>> {
        let Fields { words, category, north, east, .. } = self.fields;
        let term = |field, text: &str, option| -> Box<dyn Query> {
            Box::new(TermQuery::new(Term::from_field_text(field, text), option))
        };
        let within = |field, middle: f64, around: f64| -> Box<dyn Query> {
            let bound = |value| Bound::Included(Term::from_field_f64(field, value));
            Box::new(RangeQuery::new(bound(middle - around), bound(middle + around)))
        };
        let (latitude, longitude) = asked.near.centre();
        let degrees = KM / KM_OF_A_DEGREE;
        let any = asked.words.iter().map(|word| term(words, word, IndexRecordOption::WithFreqs)).collect();
        let filters = [
            term(category, &asked.category, IndexRecordOption::Basic),
            within(north, latitude, degrees),
            within(east, longitude, degrees / latitude.to_radians().cos()),
        ];
        let mut parts: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, Box::new(BooleanQuery::union(any)))];
        parts.extend(filters.map(|filter| -> (Occur, Box<dyn Query>) {
            (Occur::Must, Box::new(ConstScoreQuery::new(filter, 0.0)))
        }));
        let searcher = self.reader.searcher();
        let best = searcher.search(&BooleanQuery::new(parts), &TopDocs::with_limit(BEST).order_by_score())?;
        let number = |address: tantivy::DocAddress| -> Outcome<u32> {
            let numbers = searcher.segment_reader(address.segment_ord).fast_fields().u64("number")?;
            Ok(u32::try_from(numbers.first(address.doc_id).ok_or("a document without a number")?)?)
        };
        best.into_iter().map(|(_, address)| number(address)).collect()
    }

    fn publish(&mut self, number: u32, listing: &Arc<Listing>) -> Outcome<()> {
        self.writer.add_document(self.fields.document(number, listing))?;
        self.writer.commit()?;
        Ok(self.reader.reload()?)
    }
}
