//! Any keys, texts, values, headers, bodies and stances.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use crate::body::Map;
use crate::cbor::{MapKey, Value};
use crate::limits::{LETTER_SIZES, MAX_BALANCE, MAX_HINT_BITS, MAX_STANCE};
use crate::text::is_unseen;
use crate::*;

/// All kinds of bodies, and one that nobody knows.
pub(super) fn kinds() -> Vec<Kind> {
    let known = [
        Kind::charter(),
        Kind::grant(),
        Kind::profile(),
        Kind::admission(),
        Kind::removal(),
        Kind::vouch(),
        Kind::rotation(),
        Kind::seal_key(),
        Kind::listing(),
        Kind::notice(),
        Kind::comment(),
        Kind::letter(),
        Kind::receipt(),
        Kind::checkpoint(),
    ];
    known.into_iter().chain(Kind::new("weather")).collect()
}

pub(super) fn any_key() -> impl Strategy<Value = SecretKey> {
    (1_u8..20).prop_map(|seed| SecretKey::from_seed(&[seed; 32]))
}

pub(super) fn any_member() -> impl Strategy<Value = MemberId> {
    any_key().prop_map(|key| MemberId::from(key.public()))
}

pub(super) fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_millis)
}

pub(super) fn any_circle() -> impl Strategy<Value = CircleId> {
    any::<[u8; 32]>().prop_map(CircleId::from_bytes)
}

pub(super) fn any_slot_key() -> impl Strategy<Value = Key> {
    any::<[u8; 16]>().prop_map(Key::from_bytes)
}

/// A change to bytes: some of them are replaced by these.
pub(super) fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..3),
        prop::sample::select(vec![vec![0xa0], vec![0x60], vec![0x80], vec![0xf6], vec![0x18, 0x01]]),
    ]
}

/// The bytes with a byte or none at a place replaced by others.
pub(super) fn changed(bytes: &[u8], change: &[u8], at: prop::sample::Index) -> Vec<u8> {
    let at = at.index(bytes.len());
    let end = if change.len() > 1 { at } else { at + 1 };
    [&bytes[..at], change, &bytes[end..]].concat()
}

fn any_line(most: usize) -> impl Strategy<Value = String> {
    vec(prop_oneof!["[ -~äöüß]", "\\PC"].prop_filter("seen", |text| !text.chars().any(is_unseen)), 1..most)
        .prop_map(|characters| characters.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        any_line(60),
        (any_line(20), any_line(20)).prop_map(|(a, b)| format!("{a}\n{b}"))
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(Value::Uint),
        (0_u64..300).prop_map(Value::Uint),
        any::<u64>().prop_map(Value::Negative),
        vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
        any::<[u8; 32]>().prop_map(|bytes| Value::Bytes(bytes.to_vec())),
        ".{0,12}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::List),
            btree_map(".{0,5}".prop_map(MapKey), inner, 0..4).prop_map(Value::Map),
        ]
    })
}

/// Fields of a later version.
fn any_other() -> impl Strategy<Value = Map> {
    btree_map("x-.{0,6}".prop_map(MapKey), any_value(), 0..3)
}

const FIELDS: &[&str] = &[
    "name",
    "cell",
    "languages",
    "forms",
    "quotas",
    "stewards",
    "write",
    "vouches",
    "read",
    "parent",
    "distrusted",
    "approvals",
    "signer",
    "role",
    "until",
    "text",
    "member",
    "reason",
    "side",
    "terms",
    "title",
    "category",
    "language",
    "count",
    "left",
    "grams",
    "hours",
    "tally",
    "decide",
    "draw",
    "needs",
    "author",
    "on",
    "receipt",
    "giver",
    "receiver",
    "code",
    "checkpoint",
    "one",
    "other",
    "circle",
    "exchange",
    "from",
    "to",
    "lister",
    "listing",
    "listed",
    "revision",
    "asker",
    "listers",
    "message",
    "grant",
    "body",
    "signature",
    "class",
    "kind",
    "key",
    "size",
];

/// Names of fields that there are, with values that fit or not.
pub(super) fn any_fields() -> impl Strategy<Value = Map> {
    let words = ["offer", "gift", "de", "device", "open", "vouched", "anyone", "control", "listing", "draw"];
    let value = prop_oneof![
        any_value(),
        prop::sample::select(words.to_vec()).prop_map(|word| Value::Text(word.to_owned())),
        any_member().prop_map(|member| Value::Bytes(member.as_bytes().to_vec())),
        any_cell().prop_map(|cell| Value::Uint(cell.index())),
    ];
    btree_map(prop::sample::select(FIELDS).prop_map(|name| MapKey(name.to_owned())), value, 0..14)
}

fn any_cell() -> impl Strategy<Value = Cell> {
    (-90.0..90.0, -180.0..180.0)
        .prop_map(|(latitude, longitude)| Cell::containing(latitude, longitude).expect("on the globe"))
}

fn any_language() -> impl Strategy<Value = Language> {
    "[a-z]{2}".prop_map(|code| code.parse().expect("two letters"))
}

fn any_terms() -> impl Strategy<Value = Terms> {
    prop::sample::select(Terms::ALL)
}

pub(super) fn any_header() -> impl Strategy<Value = Header> {
    let kind = prop_oneof![
        prop::sample::select(kinds()),
        "[a-z][a-z0-9-]{0,31}".prop_map(|word| Kind::new(&word).expect("a word"))
    ];
    let names = (any_member(), any_key(), any_circle(), kind, prop::sample::select(Class::ALL));
    (names, any_slot_key(), any_time(), vec(any::<u8>(), 0..40)).prop_map(|(names, key, revision, body)| {
        let (author, signer, circle, kind, class) = names;
        let class = kind.class().unwrap_or(class);
        let (size, body) = (u32::try_from(body.len()).expect("few"), Hash::of(&body));
        Header { author, signer: signer.public(), circle, class, kind, key, revision, body, size }
    })
}

pub(super) fn any_seal() -> impl Strategy<Value = Seal> {
    (vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..20), any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(
        |(envelope, body, first, second)| {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&first);
            signature[32..].copy_from_slice(&second);
            Seal { grant: Record { envelope, body: Some(body) }, signature }
        },
    )
}

fn any_profile() -> impl Strategy<Value = Profile> {
    let words = (any_line(80), any_text(), prop_oneof![Just(String::new()), any_line(100)]);
    (words, vec(any_language(), 0..4), option::of(any_cell()), any::<bool>(), any_other()).prop_map(
        |((name, text, hours), languages, cell, tally, other)| Profile {
            name,
            text,
            languages,
            cell,
            hours,
            tally,
            other,
        },
    )
}

/// A body of any kind.
pub(super) fn any_body() -> impl Strategy<Value = (Kind, Body)> {
    let known = prop_oneof![
        2 => any_charter().prop_map(Body::Charter),
        1 => (any_key(), prop::sample::select(GrantRole::ALL), any_time(), any_other())
            .prop_map(|(key, role, until, other)| Body::Grant(Grant { signer: key.public(), role, until, other })),
        1 => any_profile().prop_map(Body::Profile),
        1 => (any_member(), any_other()).prop_map(|(member, other)| Body::Admission(Admission { member, other })),
        1 => (any_member(), any_text(), any_other())
            .prop_map(|(member, reason, other)| Body::Removal(Removal { member, reason, other })),
        1 => (any_member(), any_other()).prop_map(|(member, other)| Body::Vouch(Vouch { member, other })),
        1 => (any::<[u8; 32]>(), any_other())
            .prop_map(|(secret, other)| Body::Rotation(Rotation { secret: Hash::from_bytes(secret), other })),
        1 => (any::<[u8; 32]>(), any::<u32>(), any_key(), any_other()).prop_map(|(key, epoch, device, other)| {
            let (key, decides) = (SealPublic::from_bytes(key), device.public());
            Body::SealKey(SealKey { key, epoch, decides, other })
        }),
        1 => any_letter().prop_map(Body::Letter),
        3 => any_listing().prop_map(Body::Listing),
        1 => (any_line(120), any_text(), option::of(any_language()), option::of(any_time()), any_other())
            .prop_map(|(title, text, language, until, other)| Body::Notice(Notice { title, text, language, until, other })),
        1 => (any_member(), any_slot_key(), any_line(60), any_other())
            .prop_map(|(author, on, text, other)| Body::Comment(Comment { author, on, text, other })),
        2 => any_receipt().prop_map(|receipt| Body::Receipt(Box::new(receipt))),
        2 => any_checkpoint().prop_map(|checkpoint| Body::Checkpoint(Box::new(checkpoint))),
    ];
    let known = known.prop_map(|body| (body.kind().expect("a known kind"), body));
    prop_oneof![8 => known, 1 => any_other().prop_map(|map| (Kind::new("weather").expect("a word"), Body::Other(map)))]
}

fn any_letter() -> impl Strategy<Value = Letter> {
    let sizes = LETTER_SIZES.map(|size| size + 48);
    (0..=MAX_HINT_BITS, any::<u32>(), prop::sample::select(sizes.to_vec()), any::<u8>()).prop_map(
        |(bits, hint, size, byte)| Letter { bits, hint: hint & ((1 << bits) - 1), sealed: vec![byte; size] },
    )
}

fn any_charter() -> impl Strategy<Value = Charter> {
    let about = (any_line(80), option::of(any_cell()), vec(any_language(), 0..4), vec(any_terms(), 0..4));
    let rules = (
        any::<[u32; 5]>(),
        prop::sample::select(WritePolicy::ALL),
        1_u32..=16,
        prop::sample::select(ReadPolicy::ALL),
    );
    let approval = (any_member(), any_seal()).prop_map(|(steward, seal)| Approval { steward, seal });
    let people = (btree_set(any_member(), 1..=16), btree_set(any_member(), 0..4), vec(approval, 0..3));
    (about, rules, people, option::of(any::<[u8; 32]>()), any_other()).prop_map(
        |(about, rules, people, parent, other)| {
            let ((name, cell, languages, forms), (numbers, write, vouches, read)) = (about, rules);
            let [control, members, content, rest, strangers] = numbers;
            Charter {
                name,
                cell,
                languages,
                forms,
                quotas: Quotas { control, members, content, rest, strangers },
                stewards: people.0.into_iter().collect(),
                write,
                vouches: (write == WritePolicy::Vouched).then_some(vouches),
                read,
                parent: parent.map(RecordId::from_bytes),
                distrusted: people.1.into_iter().collect(),
                approvals: people.2,
                other,
            }
        },
    )
}

fn any_photo() -> impl Strategy<Value = Photo> {
    let photo = (any::<[u8; 32]>(), 1_u32..=204_800);
    let thumb = (any::<[u8; 32]>(), 1_u32..=12_288);
    let alt = prop_oneof![Just(String::new()), any_line(120)];
    (photo, thumb, alt).prop_map(|((photo, size), (thumb, thumb_size), alt)| Photo {
        photo: Hash::from_bytes(photo),
        size,
        thumb: Hash::from_bytes(thumb),
        thumb_size,
        alt,
    })
}

fn any_listing() -> impl Strategy<Value = Listing> {
    let words = (
        any_line(120),
        any_text(),
        prop_oneof![Just(String::new()), any_line(60)],
        option::of(any_language()),
    );
    let count = (1_u32..=100_000).prop_flat_map(|count| (Just(count), 0..=count));
    let rest = (
        option::of(any_cell()),
        option::of(any_time()),
        vec("[a-z-]{1,32}", 0..3),
        vec(any_photo(), 0..=4),
        any_other(),
        option::of(1_u32..=10_000_000),
        any_decide(),
    );
    (prop::sample::select(Side::ALL), any_terms(), words, count, rest).prop_map(
        |(side, terms, words, numbers, rest)| {
            let ((title, text, category, language), (count, left)) = (words, numbers);
            let (cell, until, needs, photos, other, grams, (decide, draw)) = rest;
            Listing {
                side,
                terms,
                title,
                text,
                category,
                language,
                count,
                left,
                grams,
                decide,
                draw,
                cell,
                until,
                needs,
                photos,
                other,
            }
        },
    )
}

fn any_decide() -> impl Strategy<Value = (Decide, Option<Draw>)> {
    let drawn = (any::<[u8; 32]>(), btree_set(any::<[u8; 16]>(), 0..5));
    let result = option::of(drawn.prop_map(|(secret, nonces)| Drawn { secret, nonces }));
    let draw = (any::<[u8; 32]>(), any_time(), result).prop_map(|(commitment, closes, result)| Draw {
        commitment: Hash::from_bytes(commitment),
        closes,
        result,
    });
    prop_oneof![
        Just((Decide::Choose, None)),
        Just((Decide::Queue, None)),
        draw.prop_map(|draw| (Decide::Draw, Some(draw))),
    ]
}

fn any_receipt() -> impl Strategy<Value = SignedReceipt> {
    let names = (any_circle(), any_slot_key(), any_member(), any_member());
    let kind = prop_oneof![Just(String::new()), any_line(60)];
    let what = (any_line(120), kind, 1_u32..=100_000, any::<u32>(), any_terms(), 0_u32..=600_000, any_time());
    let code = (any::<[u8; 32]>(), any_line(32))
        .prop_map(|(commitment, code)| Confirmation::Code { commitment: Hash::from_bytes(commitment), code });
    let confirmation = prop_oneof![any_seal().prop_map(Confirmation::Seal), code];
    (names, what, any_seal(), confirmation, any_other()).prop_map(|(names, what, seal, confirmed, other)| {
        let (circle, exchange, giver, receiver) = names;
        let (title, kind, count, grams, terms, minutes, at) = what;
        let receipt =
            Receipt { circle, exchange, giver, receiver, title, kind, count, grams, terms, minutes, at };
        SignedReceipt { receipt, giver: seal, receiver: confirmed, other }
    })
}

fn any_checkpoint() -> impl Strategy<Value = SignedCheckpoint> {
    let inner = (any_circle(), any_member(), any_member(), any::<i64>(), 0..=MAX_BALANCE, any_time())
        .prop_map(|(circle, one, other, balance, turnover, until)| Checkpoint {
            circle,
            one,
            other,
            balance,
            turnover,
            until,
        });
    (inner, any_seal(), any_seal(), any_other()).prop_map(|(checkpoint, one, other_one, other)| {
        SignedCheckpoint { checkpoint, one, other_one, other }
    })
}

fn any_about() -> impl Strategy<Value = About> {
    let two =
        (any_member(), any_member()).prop_filter("nobody deals with itself", |(one, other)| one != other);
    let side = prop_oneof![Just(Side::Offer), Just(Side::Need)];
    let category = prop_oneof![Just(String::new()), any_line(20)];
    let names = (any_circle(), any_slot_key(), two, any_slot_key());
    (names, (any_time(), any_time()), (side, any_terms()), (any_line(120), category)).prop_map(
        |(
            (circle, exchange, (asker, lister), listing),
            (listed, asked),
            (side, terms),
            (title, category),
        )| {
            About { circle, exchange, asker, lister, listing, listed, asked, side, terms, title, category }
        },
    )
}

fn any_asker() -> impl Strategy<Value = AskerSays> {
    let bound = (option::of(any::<[u8; 32]>()), option::of(any::<[u8; 16]>()));
    (1_u32..=100_000, option::of(any_line(30)), bound, option::of(any_time())).prop_map(
        |(count, name, (commitment, nonce), accepted)| AskerSays {
            count,
            name,
            commitment: commitment.map(Hash::from_bytes),
            nonce,
            accepted,
        },
    )
}

fn any_lister() -> impl Strategy<Value = ListerSays> {
    let time = || option::of(any_time());
    let promised = (1_u32..=100_000, any_time()).prop_map(|(count, at)| Promised { count, at });
    let numbers = (option::of(promised), option::of(1_u32..=100_000));
    let words = (option::of(any_line(60)), option::of(any_line(32)));
    (numbers, words, (time(), time(), time(), time())).prop_map(
        |((promised, queue), (place, code), (until, time, ready, hold))| ListerSays {
            promised,
            until,
            place,
            time,
            ready,
            code,
            queue,
            hold,
        },
    )
}

fn any_given() -> impl Strategy<Value = Given> {
    (1_u32..=100_000, 0_u32..=600_000, any::<u32>(), any_time(), any_seal()).prop_map(
        |(count, minutes, grams, at, seal)| Given { amount: Amount { count, minutes, grams, at }, seal },
    )
}

fn any_common() -> impl Strategy<Value = Common> {
    let time = || option::of(any_time());
    let words = || option::of(any_line(40));
    let why = prop::sample::select(Why::ALL.to_vec());
    let ended = (why, any_text()).prop_map(|(why, words)| Ending { why, words });
    let times = (time(), time(), time(), time(), time());
    (
        option::of(any_given()),
        times,
        (words(), words(), words()),
        option::of(ended),
        any::<(Option<bool>, bool)>(),
    )
        .prop_map(|(given, times, (condition, condition_back, thanks), ended, (owns_up, public))| {
            let (due, wants_until, returned, back, missed) = times;
            Common {
                given,
                due,
                wants_until,
                returned,
                back,
                condition,
                condition_back,
                thanks,
                ended,
                missed,
                owns_up,
                public,
            }
        })
}

pub(super) fn any_stance() -> impl Strategy<Value = Stance> {
    let says = prop_oneof![any_asker().prop_map(Says::Asker), any_lister().prop_map(Says::Lister)];
    let message = (any_time(), any_line(60)).prop_map(|(at, text)| Message { at, text });
    (any_about(), any_time(), says, any_common(), vec(message, 0..4), any_other())
        .prop_map(|(about, revision, says, common, messages, other)| Stance {
            about,
            revision,
            says,
            common,
            messages,
            other,
        })
        .prop_filter("fits into a letter", |stance| stance.encode().len() <= MAX_STANCE)
}
