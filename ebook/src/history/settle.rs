//! What counts: each irradiation event once, however many reports hold it (rules E1 to E9).

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use dose::{Amount, DoseReport, IrradiationEvent, Kind, Measured};
use jiff::civil::DateTime;

use super::{Counted, Examination, Figure, Other, Reason, Source, figure};

/// Decides for each examination what of it counts, and recomputes the doses of those that count in part.
pub(super) fn settle(examinations: &mut [Examination]) {
    for verdict in verdicts(examinations) {
        let Some(examination) = examinations.get_mut(verdict.at) else { continue };
        examination.counted = verdict.counted;
        if let Some(figures) = verdict.figures {
            examination.figures = figures;
        }
    }
}

/// What a report claims to account for.
struct Claim<'a> {
    at: usize,
    source: Source,
    object: &'a str,
    events: Vec<Claimed<'a>>,
    /// The events with their doses.
    says: HashSet<(Key, Doses)>,
    /// What makes a report without events the same, if enough of it is known.
    totals: Option<String>,
}

struct Claimed<'a> {
    key: Key,
    doses: Doses,
    event: &'a IrradiationEvent,
}

/// What makes an event the same event: its UID (E2), else all that is known of it (E9). Its occurrences within a
/// report are numbered, for a report may use one UID twice.
type Key = (String, usize);

/// The doses of an event, to tell whether two reports say the same of it.
type Doses = [Option<u64>; 6];

struct Verdict {
    at: usize,
    counted: Counted,
    figures: Option<Vec<Figure>>,
}

fn verdicts(examinations: &[Examination]) -> Vec<Verdict> {
    let claims = claims(examinations);
    // Unless another report says all of it and more: then that one's totals stand (E5).
    let (covered, first): (Vec<_>, Vec<_>) =
        claims.iter().partition(|claim| claims.iter().any(|other| other.covers(claim)));
    let mut settled = Settled::default();
    first.into_iter().chain(covered).map(|claim| settled.judge(claim)).collect()
}

/// The latest report first (E3). Names break ties, so that the order of arrival never matters.
fn claims(examinations: &[Examination]) -> Vec<Claim<'_>> {
    let mut order: Vec<_> = examinations.iter().enumerate().collect();
    order.sort_by_cached_key(|(_, examination)| {
        let report = &examination.report;
        Reverse((made(report), report.events.len(), Reverse(examination.source())))
    });
    let mut uses = Uses::default();
    order.into_iter().map(|(at, examination)| Claim::of(at, examination, &mut uses)).collect()
}

fn made(report: &DoseReport) -> Option<DateTime> {
    report.content_time.map(|time| time.clock)
}

/// Who used an event UID first: in which study, with which doses.
#[derive(Default)]
struct Uses(HashMap<String, (Option<String>, Doses)>);

impl Uses {
    /// Two systems give the same UID to different events after a copy or an anonymisation (D58): in another study
    /// and with other doses it is another event.
    fn reused_event_uid_quirk(&mut self, uid: &str, study: Option<&String>, doses: Doses) -> String {
        let (first_study, first_doses) =
            self.0.entry(uid.to_owned()).or_insert_with(|| (study.cloned(), doses));
        if first_study.as_ref() != study && *first_doses != doses {
            return format!("{uid} of {}", study.map_or("", String::as_str));
        }
        uid.to_owned()
    }
}

impl<'a> Claim<'a> {
    fn of(at: usize, examination: &'a Examination, uses: &mut Uses) -> Self {
        let report = &*examination.report;
        let mut times: HashMap<String, usize> = HashMap::new();
        let claimed = report.events.iter().map(|event| {
            let doses = doses(event);
            let name = match &event.uid {
                Some(uid) => uses.reused_event_uid_quirk(uid, report.study.uid.as_ref(), doses),
                None => name_without_uid(examination, event, doses),
            };
            let time = times.entry(name.clone()).or_default();
            *time += 1;
            Claimed { key: (name, *time), doses, event }
        });
        let events: Vec<_> = claimed.collect();
        Self {
            at,
            source: examination.source(),
            object: &report.sop_instance_uid,
            says: events.iter().map(|claimed| (claimed.key.clone(), claimed.doses)).collect(),
            totals: if events.is_empty() { name_without_events(examination) } else { None },
            events,
        }
    }

    /// Whether this report holds all events of the other and more, and says the same of them.
    fn covers(&self, other: &Self) -> bool {
        self.events.len() > other.events.len() && !other.events.is_empty() && other.says.is_subset(&self.says)
    }
}

/// Rule E9: study, modality, device, start and doses.
fn name_without_uid(examination: &Examination, event: &IrradiationEvent, doses: Doses) -> String {
    let start = event.start.map(|start| start.to_string());
    format!("{} {start:?} {doses:?}", place(&examination.report))
}

/// Rule E9 for a report that lists no events: its totals in place of theirs. A report that names no study is like
/// no other.
fn name_without_events(examination: &Examination) -> Option<String> {
    examination.report.study.uid.as_ref()?;
    let start = examination.report.irradiation_start.map(|start| start.to_string());
    let totals = figure::of_report(&examination.report).into_iter();
    let totals: Vec<_> = totals.map(|total| (total.quantity, total.part, total.value.to_bits())).collect();
    Some(format!("{} {start:?} {totals:?}", place(&examination.report)))
}

/// Study, modality and device.
fn place(report: &DoseReport) -> String {
    let device = report.device.serial.as_ref().or(report.device.station.as_ref());
    format!("{:?} {} {device:?}", report.study.uid, report.modality.code())
}

fn doses(event: &IrradiationEvent) -> Doses {
    fn value<K: Kind>(measured: Option<&Measured<Amount<K>>>) -> Option<u64> {
        measured.map(|measured| measured.amount.value().to_bits())
    }
    [
        value(event.dose_length_product.as_ref()),
        value(event.ctdi_vol.as_ref()),
        value(event.dose_area_product.as_ref()),
        value(event.air_kerma.as_ref()),
        value(event.average_glandular_dose.as_ref()),
        value(event.administration.as_ref().and_then(|given| given.activity.as_ref())),
    ]
}

/// Which report accounts for which events and objects, so far.
#[derive(Default)]
struct Settled<'a> {
    events: HashMap<&'a Key, &'a Source>,
    objects: HashMap<&'a str, &'a Source>,
    totals: HashMap<&'a str, &'a Source>,
}

impl<'a> Settled<'a> {
    fn judge(&mut self, claim: &'a Claim<'a>) -> Verdict {
        let verdict = |counted, figures| Verdict { at: claim.at, counted, figures };
        // Rule E1: the UID names the object, whoever registered it.
        if let Some(source) = self.objects.get(claim.object) {
            return verdict(Counted::Elsewhere(other(source, Reason::SameObject)), None);
        }
        if !claim.object.is_empty() {
            self.objects.insert(claim.object, &claim.source);
        }
        if let Some(totals) = &claim.totals {
            if let Some(source) = self.totals.get(totals.as_str()) {
                return verdict(Counted::Elsewhere(other(source, Reason::SameTotals)), None);
            }
            self.totals.insert(totals, &claim.source);
        }
        let (here, there): (Vec<_>, Vec<_>) =
            claim.events.iter().partition(|claimed| !self.events.contains_key(&claimed.key));
        let mut elsewhere: Vec<&Source> =
            there.iter().filter_map(|claimed| self.events.get(&claimed.key).copied()).collect();
        elsewhere.sort();
        elsewhere.dedup();
        self.events.extend(here.iter().map(|claimed| (&claimed.key, &claim.source)));
        match elsewhere.as_slice() {
            [] => verdict(Counted::Whole, None),
            [source, ..] if here.is_empty() => {
                verdict(Counted::Elsewhere(other(source, Reason::SameEvents)), None)
            }
            sources => {
                let elsewhere = sources.iter().map(|source| other(source, Reason::LaterReport)).collect();
                let figures = figure::of_events(here.iter().map(|claimed| claimed.event));
                verdict(Counted::Part { events: here.len(), elsewhere }, Some(figures))
            }
        }
    }
}

fn other(source: &Source, reason: Reason) -> Other {
    Other { source: source.clone(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::{ct_event, examination, moment, report};

    /// A report `id` made at `time` of events with their dose length products.
    fn made(id: &str, time: &str, events: &[(&str, f64)]) -> Examination {
        let mut report = report(id, events.iter().map(|(uid, dlp)| ct_event(uid, *dlp)).collect());
        report.content_time = moment(time);
        examination("Hospital A", report)
    }

    fn settled(mut examinations: Vec<Examination>) -> Vec<Examination> {
        settle(&mut examinations);
        examinations
    }

    fn elsewhere(examination: &Examination) -> (&str, Reason) {
        match &examination.counted {
            Counted::Elsewhere(other) => (other.source.document.as_str(), other.reason),
            counted => panic!("{counted:?}"),
        }
    }

    #[test]
    fn counts_cumulative_reports_once_in_any_order() {
        let one = || made("1.1", "20240101100000", &[("2.1", 7.46)]);
        let two = || made("1.2", "20240101100500", &[("2.1", 7.46), ("2.2", 69.81)]);
        let three = || made("1.3", "20240101101000", &[("2.1", 7.46), ("2.2", 69.81), ("2.3", 158.82)]);
        for order in [vec![one(), two(), three()], vec![three(), one(), two()], vec![two(), three(), one()]] {
            for examination in settled(order) {
                match examination.entry.unique_id.as_str() {
                    "1.3" => assert_eq!(examination.counted, Counted::Whole),
                    _ => assert_eq!(elsewhere(&examination), ("1.3", Reason::SameEvents)),
                }
            }
        }
    }

    #[test]
    fn counts_an_object_that_two_communities_share_once() {
        let mut there = made("1.1", "20240101", &[("2.1", 10.0)]);
        there.community = "Hospital B".to_owned();
        let settled = settled(vec![there, made("1.1", "20240101", &[("2.1", 10.0)])]);
        assert_eq!(elsewhere(&settled[0]), ("1.1", Reason::SameObject));
        assert_eq!(settled[1].counted, Counted::Whole);
    }

    #[test]
    fn counts_a_shared_event_where_it_was_stated_last() {
        let earlier = made("1.1", "20240101", &[("2.1", 10.0), ("2.2", 20.0)]);
        let later = made("1.2", "20240102", &[("2.2", 20.0), ("2.3", 40.0)]);
        let settled = settled(vec![earlier, later]);
        let source = settled[1].source();
        let elsewhere = vec![Other { source, reason: Reason::LaterReport }];
        assert_eq!(settled[0].counted, Counted::Part { events: 1, elsewhere });
        assert_eq!(settled[0].figures[0].value, 10.0);
        assert_eq!(settled[1].counted, Counted::Whole);
    }

    #[test]
    fn lets_a_later_report_correct_one_event_of_many() {
        let earlier = made("1.1", "20240101", &[("2.1", 10.0), ("2.2", 20.0)]);
        let correction = made("1.2", "20240102", &[("2.2", 25.0)]);
        let settled = settled(vec![earlier, correction]);
        assert!(matches!(settled[0].counted, Counted::Part { events: 1, .. }));
        assert_eq!(settled[1].counted, Counted::Whole);
    }

    #[test]
    fn tells_events_without_uid_apart_by_what_is_known_of_them() {
        let without_uid = |id: &str, time: &str, dlps: &[f64]| {
            let events = dlps.iter().map(|dlp| IrradiationEvent { uid: None, ..ct_event("", *dlp) });
            let mut report = report(id, events.collect());
            report.content_time = moment(time);
            examination("Hospital A", report)
        };
        let settled = settled(vec![
            without_uid("1.1", "20240101", &[5.0, 5.0]),
            without_uid("1.2", "20240102", &[5.0, 5.0, 5.0]),
        ]);
        assert_eq!(elsewhere(&settled[0]), ("1.2", Reason::SameEvents));
        assert_eq!(settled[1].counted, Counted::Whole);
    }

    #[test]
    fn counts_both_events_when_two_systems_use_one_uid() {
        let mut copy = made("1.2", "20240102", &[("2.1", 99.0)]);
        let mut report = (*copy.report).clone();
        report.study.uid = Some("9.9".to_owned());
        copy.report = report.into();
        let settled = settled(vec![made("1.1", "20240101", &[("2.1", 10.0)]), copy]);
        assert!(settled.iter().all(|examination| examination.counted == Counted::Whole));
    }

    /// A report that states a total and no events.
    fn summary(id: &str, time: &str, total: f64) -> Examination {
        let mut report = report(id, vec![ct_event("2.1", total)]);
        report.events.clear();
        report.content_time = moment(time);
        examination("Hospital A", report)
    }

    #[test]
    fn counts_reports_that_list_no_events() {
        let settled = settled(vec![summary("1.1", "20240101", 10.0), summary("1.2", "20240101", 20.0)]);
        assert!(settled.iter().all(|examination| examination.counted == Counted::Whole));
    }

    #[test]
    fn counts_a_report_without_events_once_when_it_is_sent_again_under_another_uid() {
        let sent = || summary("1.1", "20240101", 10.0);
        let again = || summary("1.2", "20240102", 10.0);
        for order in [vec![sent(), again()], vec![again(), sent()]] {
            for examination in settled(order) {
                match examination.entry.unique_id.as_str() {
                    "1.2" => assert_eq!(examination.counted, Counted::Whole),
                    _ => assert_eq!(elsewhere(&examination), ("1.2", Reason::SameTotals)),
                }
            }
        }
    }

    #[test]
    fn settles_three_uses_of_one_uid_alike_in_any_order() {
        let of_study = |id: &str, time: &str, study: &str, dlp: f64| {
            let mut examination = made(id, time, &[("2.1", dlp)]);
            let mut report = (*examination.report).clone();
            report.study.uid = Some(study.to_owned());
            examination.report = report.into();
            examination
        };
        let one = || of_study("1.1", "20240103", "9.1", 10.0);
        let two = || of_study("1.2", "20240102", "9.2", 20.0);
        let three = || of_study("1.3", "20240101", "9.2", 10.0);
        let counted = |order| {
            let mut told: Vec<_> = settled(order)
                .iter()
                .map(|examination| (examination.entry.unique_id.to_string(), examination.counted.clone()))
                .collect();
            told.sort_by(|a, b| a.0.cmp(&b.0));
            told
        };
        let expected = counted(vec![one(), two(), three()]);
        assert_eq!(counted(vec![three(), two(), one()]), expected);
        assert_eq!(counted(vec![two(), three(), one()]), expected);
    }
}
