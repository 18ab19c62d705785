//! A dose report as JSON, for programs: the same names as the fields, amounts with unit and origin, absent if not
//! stated.

use serde_json::{Map, Value, json};

use crate::code::Code;
use crate::moment::{Moment, Precision};
use crate::quantity::{Amount, Kind};
use crate::report::{
    Completion, DoseReport, IrradiationEvent, Issuer, Measured, Origin, Phantom, Plane, PlaneTotals, Sex,
    Side, StatedUnit, Template, Total, Totals,
};

/// The whole report.
#[must_use]
pub fn json(report: &DoseReport) -> Value {
    object([
        ("sop_class_uid", json!(report.sop_class_uid)),
        ("sop_instance_uid", json!(report.sop_instance_uid)),
        ("transfer_syntax_uid", json!(report.transfer_syntax_uid)),
        ("content_time", moment(report.content_time)),
        (
            "completion",
            json!(report.completion.map(|completion| match completion {
                Completion::Complete => "complete",
                Completion::Partial => "partial",
            })),
        ),
        ("modality", json!(report.modality.code())),
        (
            "template",
            json!(match report.template {
                Template::Ct => "ct",
                Template::Projection => "projection",
                Template::Radiopharmaceutical => "radiopharmaceutical",
                Template::Summary => "summary",
            }),
        ),
        ("patient", patient(report)),
        ("study", study(report)),
        ("device", device(report)),
        (
            "institution",
            object([
                ("name", json!(report.institution.name)),
                ("address", json!(report.institution.address)),
                ("department", json!(report.institution.department)),
            ]),
        ),
        ("procedure_reported", code(report.procedure_reported.as_ref())),
        ("intent", code(report.intent.as_ref())),
        ("scope", code(report.scope.as_ref())),
        ("source", code(report.source.as_ref())),
        ("authorised_by", json!(report.authorised_by)),
        ("irradiation_start", moment(report.irradiation_start)),
        ("irradiation_end", moment(report.irradiation_end)),
        ("totals", totals(&report.totals)),
        ("events", report.events.iter().map(event).collect()),
        (
            "notes",
            report
                .notes
                .iter()
                .map(
                    |note| json!({"field": note.field, "received": note.received, "expected": note.expected}),
                )
                .collect(),
        ),
    ])
}

fn patient(report: &DoseReport) -> Value {
    let patient = &report.patient;
    object([
        ("id", json!(patient.id)),
        ("issuer", issuer(&patient.issuer)),
        ("name", json!(patient.name)),
        ("birth_date", json!(patient.birth_date.map(|date| date.to_string()))),
        (
            "sex",
            json!(patient.sex.map(|sex| match sex {
                Sex::Female => "female",
                Sex::Male => "male",
                Sex::Other => "other",
            })),
        ),
        ("age", json!(patient.age)),
        ("size_m", json!(patient.size_m)),
        ("weight_kg", json!(patient.weight_kg)),
    ])
}

fn study(report: &DoseReport) -> Value {
    let study = &report.study;
    object([
        ("uid", json!(study.uid)),
        ("id", json!(study.id)),
        ("time", moment(study.time)),
        ("accession", json!(study.accession)),
        ("accession_issuer", issuer(&study.accession_issuer)),
        ("description", json!(study.description)),
        ("procedures", study.procedures.iter().map(|procedure| code(Some(procedure))).collect()),
    ])
}

fn device(report: &DoseReport) -> Value {
    let device = &report.device;
    object([
        ("manufacturer", json!(device.manufacturer)),
        ("model", json!(device.model)),
        ("serial", json!(device.serial)),
        ("station", json!(device.station)),
        ("software", json!(device.software)),
        ("uid", json!(device.uid)),
        ("location", json!(device.location)),
    ])
}

fn totals(totals: &Totals) -> Value {
    let by_phantom = totals.by_phantom.iter().map(|(of, dlp)| {
        object([("phantom", phantom(of.as_ref())), ("dose_length_product", measured(Some(dlp)))])
    });
    object([
        ("dose_length_product", total(&totals.dose_length_product)),
        ("by_phantom", by_phantom.collect()),
        ("highest_ctdi_vol", totals.highest_ctdi_vol.map_or(Value::Null, amount)),
        ("dose_area_product", total(&totals.dose_area_product)),
        ("air_kerma", total(&totals.air_kerma)),
        ("planes", totals.planes.iter().map(plane_totals).collect()),
        ("fluoroscopy_time", measured(totals.fluoroscopy_time.as_ref())),
        ("acquisition_time", measured(totals.acquisition_time.as_ref())),
        ("left_breast", total(&totals.left_breast)),
        ("right_breast", total(&totals.right_breast)),
        ("both_breasts", measured(totals.both_breasts.as_ref())),
        ("administered_activity", measured(totals.administered_activity.as_ref())),
        ("effective_dose", measured(totals.effective_dose.as_ref())),
        ("effective_dose_authority", code(totals.effective_dose_authority.as_ref())),
    ])
}

fn plane_totals(totals: &PlaneTotals) -> Value {
    object([
        ("plane", plane(totals.plane)),
        ("dose_area_product", measured(totals.dose_area_product.as_ref())),
        ("air_kerma", measured(totals.air_kerma.as_ref())),
        ("fluoroscopy_dose_area_product", measured(totals.fluoroscopy_dose_area_product.as_ref())),
        ("fluoroscopy_air_kerma", measured(totals.fluoroscopy_air_kerma.as_ref())),
        ("fluoroscopy_time", measured(totals.fluoroscopy_time.as_ref())),
        ("acquisition_dose_area_product", measured(totals.acquisition_dose_area_product.as_ref())),
        ("acquisition_air_kerma", measured(totals.acquisition_air_kerma.as_ref())),
        ("acquisition_time", measured(totals.acquisition_time.as_ref())),
        ("reference_point", json!(totals.reference_point)),
    ])
}

fn event(event: &IrradiationEvent) -> Value {
    let given = event.administration.as_ref();
    object([
        ("uid", json!(event.uid)),
        ("start", moment(event.start)),
        ("duration", measured(event.duration.as_ref())),
        ("kind", json!(event.kind.map(|kind| kind.name()))),
        ("kind_code", code(event.kind_code.as_ref())),
        ("protocol", json!(event.protocol)),
        ("target_region", code(event.target_region.as_ref())),
        ("anatomy", code(event.anatomy.as_ref())),
        (
            "side",
            json!(event.side.map(|side| match side {
                Side::Left => "left",
                Side::Right => "right",
                Side::Both => "both",
            })),
        ),
        ("view", code(event.view.as_ref())),
        ("plane", plane(event.plane)),
        ("ctdi_vol", measured(event.ctdi_vol.as_ref())),
        ("phantom", phantom(event.phantom.as_ref())),
        ("dose_length_product", measured(event.dose_length_product.as_ref())),
        ("dose_area_product", measured(event.dose_area_product.as_ref())),
        ("air_kerma", measured(event.air_kerma.as_ref())),
        ("average_glandular_dose", measured(event.average_glandular_dose.as_ref())),
        ("tube_voltages", event.tube_voltages.iter().map(|voltage| amount(*voltage)).collect()),
        ("agent", code(given.and_then(|given| given.agent.as_ref()))),
        ("radionuclide", code(given.and_then(|given| given.radionuclide.as_ref()))),
        ("half_life", measured(given.and_then(|given| given.half_life.as_ref()))),
        ("activity", measured(given.and_then(|given| given.activity.as_ref()))),
        ("route", code(given.and_then(|given| given.route.as_ref()))),
        ("stop", moment(given.and_then(|given| given.stop))),
    ])
}

fn total<K: Kind>(total: &Total<Amount<K>>) -> Value {
    object([("stated", measured(total.stated.as_ref())), ("summed", measured(total.summed.as_ref()))])
}

fn measured<K: Kind>(measured: Option<&Measured<Amount<K>>>) -> Value {
    let Some(measured) = measured else { return Value::Null };
    let origin = match measured.origin {
        Origin::Accumulated => "accumulated",
        Origin::Event => "event",
        Origin::Summed => "summed",
    };
    let stated_unit = match &measured.unit {
        StatedUnit::Stated(unit) => json!(unit),
        StatedUnit::Assumed | StatedUnit::Computed => Value::Null,
    };
    object([
        ("value", json!(measured.amount.value())),
        ("unit", json!(K::UNIT)),
        ("origin", json!(origin)),
        ("stated_unit", stated_unit),
        ("unit_assumed", if measured.unit == StatedUnit::Assumed { json!(true) } else { Value::Null }),
    ])
}

fn amount<K: Kind>(amount: Amount<K>) -> Value {
    json!({"value": amount.value(), "unit": K::UNIT})
}

fn code(code: Option<&Code>) -> Value {
    code.map_or(
        Value::Null,
        |code| json!({"value": code.value, "scheme": code.scheme, "meaning": code.meaning}),
    )
}

fn issuer(issuer: &Issuer) -> Value {
    object([
        ("name", json!(issuer.name)),
        ("universal_id", json!(issuer.universal_id)),
        ("universal_id_type", json!(issuer.universal_id_type)),
    ])
}

fn phantom(phantom: Option<&Phantom>) -> Value {
    match phantom {
        None => Value::Null,
        Some(Phantom::Head16) => json!("head 16 cm"),
        Some(Phantom::Body32) => json!("body 32 cm"),
        Some(Phantom::Other(other)) => code(Some(other)),
    }
}

fn plane(plane: Option<Plane>) -> Value {
    json!(plane.map(|plane| match plane {
        Plane::A => "A",
        Plane::B => "B",
        Plane::Single => "single",
        Plane::All => "all",
    }))
}

/// RFC 3339, as far as it was stated.
fn moment(moment: Option<Moment>) -> Value {
    let Some(moment) = moment else { return Value::Null };
    let pattern = match moment.precision {
        Precision::Year => "%Y",
        Precision::Month => "%Y-%m",
        Precision::Day => "%Y-%m-%d",
        Precision::Hour => "%Y-%m-%dT%H",
        Precision::Minute => "%Y-%m-%dT%H:%M",
        Precision::Second => "%Y-%m-%dT%H:%M:%S",
    };
    let offset = moment.offset.map(|offset| {
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    });
    let offset = offset.unwrap_or_default();
    json!(format!("{}{offset}", moment.clock.strftime(pattern)))
}

/// An object without what is not stated: nulls, and lists and objects with nothing in them.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let stated = fields.into_iter().filter(|(_, value)| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    });
    Value::Object(stated.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn gives_amounts_with_unit_and_origin_and_leaves_out_what_is_not_stated() {
        let sample = crate::sample::all().into_iter().find(|sample| sample.name == "be-ct-child").unwrap();
        let json = super::json(&crate::read(&sample.bytes).unwrap());
        let stated = &json["totals"]["dose_length_product"]["stated"];
        assert_eq!(stated["value"], 298.7);
        assert_eq!(stated["unit"], "mGy.cm");
        assert_eq!(stated["origin"], "accumulated");
        assert_eq!(json["totals"].get("dose_area_product"), None);
        assert_eq!(json["events"][1]["kind"], "sequenced");
        assert_eq!(json["events"][1]["phantom"], "head 16 cm");
        assert_eq!(json["content_time"], "2025-01-20T18:45:00+01:00");
    }
}
