//! Random values, objects and submissions, as wild as XML lets them be.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the literals are valid, and what fails is a test"
)]

mod submission;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::{
    Association, Author, AvailabilityStatus, Classification, Code, DocumentAvailability, DocumentEntry,
    EntryUuid, ExternalIdentifier, Extra, Folder, Hash, HomeCommunityId, LocalizedString, LocalizedStrings,
    Mutable, Object, ObjectId, ObjectType, Oid, PatientId, PidField, ReferenceId, Slot, SourcePatientId,
    SourcePatientInfo, SubmissionSet, SubmissionSetStatus, Timestamp, hl7, sample, vocabulary,
};

pub use submission::submission;

/// Any text that XML can carry, delimiters and markup more often than not.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>().prop_filter("legal in XML", |c| {
            matches!(c, '\t' | '\n' | '\r' | ' '..) && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
        }),
        4 => prop::sample::select(r#"<>&"'^|~\;= aZ09.é"#.chars().collect::<Vec<_>>()),
    ];
    let lure = prop::sample::select(vec![
        r#" status="x" lid="y" "#,
        r#"<rim:VersionInfo versionName="7"/>"#,
        r#"<rim:ExternalIdentifier value="z"></rim:ExternalIdentifier>"#,
        "]]>",
        "lastUpdateTime",
    ]);
    prop_oneof![8 => vec(character, 0..12).prop_map(String::from_iter), 1 => lure.prop_map(str::to_owned)]
}

fn spoken() -> impl Strategy<Value = String> {
    text().prop_filter("not blank", |text| !text.trim_ascii().is_empty())
}

fn parsed<T: std::str::FromStr + std::fmt::Debug>(
    texts: impl Strategy<Value = String>,
) -> impl Strategy<Value = T> {
    texts.prop_filter_map("valid", |text| text.parse().ok())
}

fn oid() -> impl Strategy<Value = Oid> {
    let arcs =
        vec(any::<u16>(), 1..6).prop_map(|arcs| arcs.iter().map(|arc| format!(".{arc}")).collect::<String>());
    parsed((0..3, arcs).prop_map(|(first, arcs)| format!("{first}{arcs}")))
}

fn uuid() -> impl Strategy<Value = EntryUuid> {
    any::<[u8; 16]>().prop_map(EntryUuid::from_bytes)
}

fn id() -> impl Strategy<Value = ObjectId> {
    prop_oneof![uuid().prop_map(ObjectId::Uuid), parsed(spoken())]
}

fn home() -> impl Strategy<Value = Option<HomeCommunityId>> {
    option::of(oid().prop_map(HomeCommunityId::from))
}

fn patient() -> impl Strategy<Value = PatientId> {
    (text(), oid()).prop_filter_map("an id", |(id, authority)| PatientId::new(&id, authority).ok())
}

fn source_patient() -> impl Strategy<Value = SourcePatientId> {
    let named = (spoken(), spoken(), oid())
        .prop_map(|(id, name, oid)| format!("{}^^^{}&{oid}&ISO", hl7::escape(&id), hl7::escape(&name)));
    prop_oneof![parsed(named), patient().prop_map(SourcePatientId::from)]
}

fn status() -> impl Strategy<Value = Option<AvailabilityStatus>> {
    option::of(prop::sample::select(vec![AvailabilityStatus::Approved, AvailabilityStatus::Deprecated]))
}

fn time() -> impl Strategy<Value = Timestamp> {
    let length = prop::sample::select(vec![4, 6, 8, 10, 12, 14]);
    (0_i64..4_000_000_000, length)
        .prop_map(|(seconds, length)| Timestamp::from_unix(seconds).to_string()[..length].parse().unwrap())
}

fn strings() -> impl Strategy<Value = LocalizedStrings> {
    let language = option::of(prop::sample::select(vec!["nl-BE", "fr", "en"]));
    let charset = option::of(prop::sample::select(vec!["UTF-8", "ISO-8859-1"]));
    let string = (language, charset, text()).prop_map(|(language, charset, value)| LocalizedString {
        language: language.map(str::to_owned),
        charset: charset.map(str::to_owned),
        value,
    });
    vec(string, 0..3).prop_map(LocalizedStrings)
}

fn code() -> impl Strategy<Value = Code> {
    (spoken(), spoken(), strings(), strings(), vec(slot(), 0..2)).prop_map(
        |(code, scheme, display, description, extra)| Code { code, scheme, display, description, extra },
    )
}

fn slot() -> impl Strategy<Value = Slot> {
    let name = prop_oneof![
        text().prop_map(|name| format!("urn:example:{name}")),
        Just("PreviousVersion".to_owned())
    ];
    (name, option::of(text()), vec(text(), 0..3)).prop_map(|(name, slot_type, values)| Slot {
        name,
        slot_type,
        values,
    })
}

fn extra() -> impl Strategy<Value = Extra> {
    let unknown = || option::of(text().prop_map(|text| format!("urn:example:{text}")));
    let classification = (unknown(), unknown(), unknown(), vec(slot(), 0..2), strings(), strings()).prop_map(
        |(scheme, node, representation, slots, name, description)| Classification {
            scheme,
            node,
            representation,
            slots,
            name,
            description,
        },
    );
    let identifier = (text(), text(), vec(slot(), 0..2), strings(), strings()).prop_map(
        |(scheme, value, slots, name, description)| ExternalIdentifier {
            scheme: format!("urn:example:{scheme}"),
            value,
            slots,
            name,
            description,
        },
    );
    (vec(slot(), 0..3), vec(classification, 0..3), vec(identifier, 0..2)).prop_map(
        |(slots, classifications, external_identifiers)| Extra {
            slots,
            classifications,
            external_identifiers,
        },
    )
}

fn author() -> impl Strategy<Value = Author> {
    let texts = || vec(spoken(), 0..3);
    let parts = (
        option::of(parsed(spoken())),
        vec(parsed(spoken()), 0..3),
        texts(),
        texts(),
        texts(),
        vec(slot(), 0..2),
        option::of(spoken()),
    );
    parts
        .prop_map(|(person, institution, role, specialty, telecommunication, extra, representation)| Author {
            representation,
            author_person: person,
            author_institution: institution,
            author_role: role,
            author_specialty: specialty,
            author_telecommunication: telecommunication,
            extra,
        })
        .prop_filter("somebody", |author| {
            author.author_person.is_some()
                || !author.author_institution.is_empty()
                || !author.author_telecommunication.is_empty()
        })
}

fn reference() -> impl Strategy<Value = ReferenceId> {
    (text(), option::of(oid()), spoken()).prop_filter_map("an id", |(id, authority, kind)| {
        ReferenceId::new(&id, authority.as_ref(), &kind).ok()
    })
}

fn source_patient_info() -> impl Strategy<Value = SourcePatientInfo> {
    vec((1_u8.., text()).prop_map(|(number, value)| PidField { number, value }), 0..4)
        .prop_map(SourcePatientInfo)
}

/// A document entry in four bites, as tuples end at twelve.
fn document_entry() -> impl Strategy<Value = DocumentEntry> {
    let one = || option::of(code());
    let many = || vec(code(), 0..3);
    let codes = (one(), many(), many(), one(), one(), one(), one());
    let registry = (status(), home(), option::of(uuid()), option::of(1_u32..), option::of(patient()));
    let times = (
        option::of(time()),
        option::of((time(), time())),
        option::of(any::<[u8; 20]>()),
        option::of(any::<u64>()),
    );
    let rest = (
        (vec(author(), 0..3), strings(), strings(), id(), parsed(spoken()), option::of(parsed(spoken()))),
        (vec(reference(), 0..3), option::of(oid()), option::of(source_patient()), source_patient_info()),
        (option::of(spoken()), any::<bool>(), extra()),
    );
    (codes, registry, times, rest).prop_map(|(codes, registry, times, rest)| {
        let mut entry = sample().entries.remove(0);
        (entry.class_code, entry.confidentiality_code, entry.event_code_list, entry.format_code, ..) =
            codes.clone();
        (.., entry.healthcare_facility_type_code, entry.practice_setting_code, entry.type_code) = codes;
        (
            entry.availability_status,
            entry.home_community_id,
            entry.logical_id,
            entry.version,
            entry.patient_id,
        ) = registry;
        entry.creation_time = times.0;
        entry.service_start_time = times.1.map(|(a, b)| a.min(b));
        entry.service_stop_time = times.1.map(|(a, b)| a.max(b));
        (entry.hash, entry.size) = (times.2.map(Hash::from_bytes), times.3);
        (
            entry.author,
            entry.comments,
            entry.title,
            entry.entry_uuid,
            entry.unique_id,
            entry.legal_authenticator,
        ) = rest.0;
        (
            entry.reference_id_list,
            entry.repository_unique_id,
            entry.source_patient_id,
            entry.source_patient_info,
        ) = rest.1;
        (entry.uri, entry.limited_metadata, entry.extra) = rest.2;
        if entry.limited_metadata {
            entry.object_type = ObjectType::OnDemand;
            entry.document_availability = Some(DocumentAvailability::Offline);
        }
        entry
    })
}

fn submission_set() -> impl Strategy<Value = SubmissionSet> {
    let said =
        (vec(author(), 0..3), strings(), option::of(code()), vec(parsed(spoken()), 0..3), strings(), extra());
    let ids = (status(), id(), home(), any::<bool>(), option::of(patient()), oid(), time(), oid());
    (said, ids).prop_map(|(said, ids)| SubmissionSet {
        author: said.0,
        comments: said.1,
        content_type_code: said.2,
        intended_recipient: said.3,
        title: said.4,
        extra: said.5,
        availability_status: ids.0,
        entry_uuid: ids.1,
        home_community_id: ids.2,
        limited_metadata: ids.3,
        patient_id: ids.4,
        source_id: ids.5,
        submission_time: ids.6,
        unique_id: ids.7,
    })
}

fn folder() -> impl Strategy<Value = Folder> {
    let said = (vec(code(), 0..3), strings(), strings(), any::<bool>(), extra());
    let registry =
        (status(), option::of(time()), option::of(uuid()), option::of(patient()), option::of(1_u32..));
    (said, registry, id(), home(), oid()).prop_map(|(said, registry, id, home, unique_id)| Folder {
        code_list: said.0,
        comments: said.1,
        title: said.2,
        limited_metadata: said.3,
        extra: said.4,
        availability_status: registry.0,
        last_update_time: registry.1,
        logical_id: registry.2,
        patient_id: registry.3,
        version: registry.4,
        entry_uuid: id,
        home_community_id: home,
        unique_id,
    })
}

fn association() -> impl Strategy<Value = Association> {
    let kind = parsed(prop_oneof![spoken(), Just(vocabulary::association::HAS_MEMBER.to_owned())]);
    let member =
        option::of(prop::sample::select(vec![SubmissionSetStatus::Original, SubmissionSetStatus::Reference]));
    let registry = (status(), option::of(uuid()), option::of(1_u32..));
    let texts = (strings(), strings());
    (kind, (id(), id(), id()), home(), option::of(code()), member, registry, (texts, extra())).prop_map(
        |(association_type, ids, home, documentation, member, registry, ((name, description), extra))| {
            Association {
                name,
                description,
                association_type,
                availability_status: registry.0,
                documentation,
                entry_uuid: ids.0,
                home_community_id: home,
                logical_id: registry.1,
                source_object: ids.1,
                submission_set_status: member,
                target_object: ids.2,
                version: registry.2,
                extra,
            }
        },
    )
}

/// Any object.
pub fn object() -> impl Strategy<Value = Object> {
    prop_oneof![
        document_entry().prop_map(Object::from),
        submission_set().prop_map(Object::from),
        folder().prop_map(Object::from),
        association().prop_map(Object::from),
    ]
}

/// What a registry may have made of it.
pub fn mutable() -> impl Strategy<Value = Mutable> {
    let status = status().prop_filter_map("always one", |status| status);
    (status, option::of(uuid()), option::of(1_u32..), option::of(patient()), option::of(time())).prop_map(
        |(status, logical_id, version, patient_id, last_update_time)| Mutable {
            status,
            logical_id,
            version,
            patient_id,
            last_update_time,
        },
    )
}
