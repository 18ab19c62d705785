//! A dose report in plain text, for a person at a terminal.

use crate::quantity::{Amount, Kind};
use crate::report::{
    Completion, DoseReport, IrradiationEvent, Measured, Modality, Origin, Patient, Phantom, Plane, Sex, Side,
    StatedUnit, Total,
};

/// Patient, study, device, totals with unit and origin, and a table of the events; what is not stated is left out.
#[must_use]
pub fn show(report: &DoseReport) -> String {
    let mut text = format!("{} dose report\n\n", title(report.modality));
    text += &table(&facts(report), "  ");
    text += "\nTotals\n";
    let totals = totals(report);
    text += &if totals.is_empty() { "  none stated\n".to_owned() } else { table(&totals, "  ") };
    text += &format!("\nEvents ({})\n", report.events.len());
    text += &table(&events(&report.events), "  ");
    if !report.notes.is_empty() {
        text += "\nNotes\n";
        text += &table(&report.notes.iter().map(|note| vec![note.to_string()]).collect::<Vec<_>>(), "  ");
    }
    text
}

fn title(modality: Modality) -> &'static str {
    match modality {
        Modality::Ct => "CT",
        Modality::Fluoroscopy => "Fluoroscopy",
        Modality::Radiography => "Radiography",
        Modality::Mammography => "Mammography",
        Modality::NuclearMedicine => "Radiopharmaceutical",
    }
}

fn facts(report: &DoseReport) -> Vec<Vec<String>> {
    let (study, device, institution) = (&report.study, &report.device, &report.institution);
    let label = |label: &str, text: Option<&String>| Some(format!("{label} {}", text?));
    let rows = [
        ("Patient", patient(&report.patient)),
        (
            "Study",
            words([
                study.description.clone(),
                study.time.map(|time| time.to_string()),
                label("accession", study.accession.as_ref()),
            ]),
        ),
        ("", study.uid.clone().unwrap_or_default()),
        (
            "Device",
            words([
                device.manufacturer.clone(),
                device.model.clone(),
                label("serial", device.serial.as_ref()),
                label("station", device.station.as_ref()),
            ]),
        ),
        (
            "Institution",
            words([institution.name.clone(), institution.department.clone(), device.location.clone()]),
        ),
        ("Authorised by", report.authorised_by.clone().unwrap_or_default()),
        (
            "Report",
            words([
                report.content_time.map(|time| format!("made {time}")),
                report.completion.map(|completion| match completion {
                    Completion::Complete => "complete".to_owned(),
                    Completion::Partial => "partial".to_owned(),
                }),
                report.scope.as_ref().map(|scope| format!("totals of the {}", scope.meaning.to_lowercase())),
            ]),
        ),
        ("", report.sop_instance_uid.clone()),
    ];
    let rows = rows.into_iter().filter(|(_, text)| !text.is_empty());
    rows.map(|(label, text)| vec![label.to_owned(), text]).collect()
}

fn patient(patient: &Patient) -> String {
    let sex = patient.sex.map(|sex| match sex {
        Sex::Female => "female",
        Sex::Male => "male",
        Sex::Other => "other sex",
    });
    words([
        patient.name.clone(),
        patient.id.as_ref().map(|id| match &patient.issuer.name {
            Some(issuer) => format!("id {id} ({issuer})"),
            None => format!("id {id}"),
        }),
        sex.map(str::to_owned),
        patient.birth_date.map(|date| format!("born {date}")),
        patient.size_m.map(|size| format!("{size} m")),
        patient.weight_kg.map(|weight| format!("{weight} kg")),
    ])
}

/// Name, amount, origin of each total that there is.
fn totals(report: &DoseReport) -> Vec<Vec<String>> {
    let totals = &report.totals;
    let mut rows = Vec::new();
    total(&mut rows, "dose length product", &totals.dose_length_product);
    for (phantom, dlp) in &totals.by_phantom {
        let phantom = phantom.as_ref().map_or("unknown phantom", phantom_name);
        value(&mut rows, &format!("  on {phantom}"), Some(dlp));
    }
    if let Some(highest) = totals.highest_ctdi_vol {
        rows.push(vec!["highest CTDIvol".to_owned(), highest.to_string(), "of the events".to_owned()]);
    }
    total(&mut rows, "dose area product", &totals.dose_area_product);
    total(&mut rows, "air kerma at reference point", &totals.air_kerma);
    if totals.planes.len() > 1 {
        for plane in &totals.planes {
            let name = plane_name(plane.plane);
            value(&mut rows, &format!("  dose area product, {name}"), plane.dose_area_product.as_ref());
            value(&mut rows, &format!("  air kerma, {name}"), plane.air_kerma.as_ref());
        }
    }
    value(&mut rows, "fluoroscopy time", totals.fluoroscopy_time.as_ref());
    value(&mut rows, "acquisition time", totals.acquisition_time.as_ref());
    total(&mut rows, "average glandular dose, left", &totals.left_breast);
    total(&mut rows, "average glandular dose, right", &totals.right_breast);
    value(&mut rows, "average glandular dose, both", totals.both_breasts.as_ref());
    value(&mut rows, "administered activity", totals.administered_activity.as_ref());
    value(&mut rows, "effective dose", totals.effective_dose.as_ref());
    rows
}

fn total<K: Kind>(rows: &mut Vec<Vec<String>>, name: &str, total: &Total<Amount<K>>) {
    let Some(shown) = total.shown() else { return };
    let mut origin = origin(shown);
    if let (Some(stated), Some(summed)) = (&total.stated, &total.summed) {
        origin += &if total.shows_the_sum() {
            format!("; stated as total: {}", stated.amount)
        } else {
            format!("; the events add up to {}", summed.amount)
        };
    }
    rows.push(vec![name.to_owned(), shown.amount.to_string(), origin]);
}

fn value<K: Kind>(rows: &mut Vec<Vec<String>>, name: &str, value: Option<&Measured<Amount<K>>>) {
    if let Some(value) = value {
        rows.push(vec![name.to_owned(), value.amount.to_string(), origin(value)]);
    }
}

fn origin<Q>(measured: &Measured<Q>) -> String {
    let origin = match measured.origin {
        Origin::Accumulated => "stated as total",
        Origin::Event => "stated in the event",
        Origin::Summed => "sum of the events",
    };
    let unit = if measured.unit == StatedUnit::Assumed { ", unit assumed" } else { "" };
    format!("{origin}{unit}")
}

/// A head row, then a row for each event; columns that no event fills are left out.
fn events(events: &[IrradiationEvent]) -> Vec<Vec<String>> {
    const HEAD: [&str; 14] = [
        "#",
        "start",
        "type",
        "protocol",
        "region",
        "side",
        "agent",
        "CTDIvol",
        "phantom",
        "DLP",
        "DAP",
        "air kerma",
        "AGD",
        "activity",
    ];
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(events.iter().enumerate().map(|(at, event)| row(at + 1, event)));
    let mut column = HEAD.len();
    while column > 0 {
        column -= 1;
        if rows.iter().skip(1).all(|row| row.get(column).is_none_or(String::is_empty)) {
            rows.iter_mut().for_each(|row| drop(row.remove(column)));
        }
    }
    if events.is_empty() { Vec::new() } else { rows }
}

fn row(number: usize, event: &IrradiationEvent) -> Vec<String> {
    let given = event.administration.as_ref();
    vec![
        number.to_string(),
        event.start.map(|start| start.to_string()).unwrap_or_default(),
        event.kind.map(|kind| kind.name().to_owned()).unwrap_or_default(),
        event.protocol.clone().unwrap_or_default(),
        event
            .target_region
            .as_ref()
            .or(event.anatomy.as_ref())
            .map(|code| code.meaning.clone())
            .unwrap_or_default(),
        event.side.map_or("", side_name).to_owned(),
        given.and_then(|given| given.agent.as_ref()).map(|code| code.meaning.clone()).unwrap_or_default(),
        cell(event.ctdi_vol.as_ref()),
        event.phantom.as_ref().map_or("", phantom_name).to_owned(),
        cell(event.dose_length_product.as_ref()),
        cell(event.dose_area_product.as_ref()),
        cell(event.air_kerma.as_ref()),
        cell(event.average_glandular_dose.as_ref()),
        cell(given.and_then(|given| given.activity.as_ref())),
    ]
}

fn cell<K: Kind>(measured: Option<&Measured<Amount<K>>>) -> String {
    measured.map(|measured| measured.amount.to_string()).unwrap_or_default()
}

fn phantom_name(phantom: &Phantom) -> &str {
    match phantom {
        Phantom::Head16 => "head 16 cm",
        Phantom::Body32 => "body 32 cm",
        Phantom::Other(code) => &code.meaning,
    }
}

fn plane_name(plane: Option<Plane>) -> &'static str {
    match plane {
        Some(Plane::A) => "plane A",
        Some(Plane::B) => "plane B",
        Some(Plane::Single) => "single plane",
        Some(Plane::All) => "all planes",
        None => "unnamed plane",
    }
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
        Side::Both => "both",
    }
}

/// What is there, parted by commas.
fn words<const N: usize>(words: [Option<String>; N]) -> String {
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Rows in columns as wide as their widest cell. What steers a terminal or breaks a line becomes a space.
fn table(rows: &[Vec<String>], indent: &str) -> String {
    let plain = |cell: &String| cell.replace(char::is_control, " ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{indent}{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> String {
        let sample = crate::sample::all().into_iter().find(|sample| sample.name == name).unwrap();
        show(&crate::read(&sample.bytes).unwrap())
    }

    #[test]
    fn shows_a_ct_report() {
        let text = shown("be-ct-adult");
        for line in [
            "CT dose report\n",
            "  Patient        Specimen^Charlotte, id 71040199905 (INSS-DEMO), female, born 1971-04-01, 1.68 m, 66 kg\n",
            "  dose length product  613 mGy.cm  stated as total; the events add up to 613 mGy.cm\n",
            "  3  spiral          Abdomen 3.0 Br40  Abdomen      8.4 mGy   body 32 cm  392.5 mGy.cm\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
        assert!(!text.contains("AGD"), "{text}");
    }

    #[test]
    fn lets_no_report_steer_the_terminal() {
        let sample = crate::sample::all().remove(0);
        let mut report = crate::read(&sample.bytes).unwrap();
        report.patient.name = Some("\u{1b}[2JEve\nTotals".to_owned());
        let text = show(&report);
        assert!(text.contains(" [2JEve Totals") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn shows_an_administration() {
        let text = shown("fr-petct-fdg");
        assert!(text.contains("administered activity  231 MBq  stated in the event\n"), "{text}");
        assert!(text.contains("Fluorodeoxyglucose"), "{text}");
    }
}
