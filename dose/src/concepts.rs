//! The concepts of the dose templates, each written once (PS3.16 TID 10001 to 10024).

use crate::code::Concept;

/// Root of X-ray dose reports.
pub const XRAY_REPORT: Concept = Concept::dcm("113701", "X-Ray Radiation Dose Report");
/// Root of radiopharmaceutical dose reports.
pub const RADIOPHARMACEUTICAL_REPORT: Concept =
    Concept::dcm("113500", "Radiopharmaceutical Radiation Dose Report");
/// Root of a mobile C-arm vendor's summary.
pub const SUMMARY_REPORT: Concept = Concept::private("C-10", "99SMS_RADSUM", "Radiation Summary Report");

/// What kind of procedure is reported.
pub const PROCEDURE_REPORTED: Concept = Concept::dcm("121058", "Procedure reported");
/// Why the procedure was done.
pub const HAS_INTENT: Concept = Concept::snomed("363703001", "Has Intent", &["G-C0E8"]);
/// Intent: diagnostic.
pub const DIAGNOSTIC: Concept = Concept::snomed("261004008", "Diagnostic Intent", &["R-408C3"]);
/// Procedure: CT.
pub const CT: Concept = Concept::snomed("77477000", "Computed Tomography X-Ray", &["P5-08000"]);
/// Procedure: mammography.
pub const MAMMOGRAPHY: Concept = Concept::snomed("71651007", "Mammography", &["P5-40010"]);
/// Procedure: projection X-ray.
pub const PROJECTION: Concept = Concept::dcm("113704", "Projection X-Ray");
/// Procedure, or event type: fluoroscopy.
pub const FLUOROSCOPY: Concept = Concept::snomed("44491008", "Fluoroscopy", &["P5-06000"]);
/// Procedure: fluoroscopy with radiography.
pub const FLUOROSCOPY_RADIOGRAPHY: Concept =
    Concept::snomed("1373320005", "Fluoroscopy and radiography", &[]);
/// Kind of device.
pub const DEVICE_TYPE: Concept = Concept::dcm("122142", "Acquisition Device Type");
/// Kind of device: fluoroscopy-guided projection radiography.
pub const FLUOROSCOPY_SYSTEM: Concept =
    Concept::dcm("113957", "Fluoroscopy-Guided Projection Radiography System");

/// Observer type.
pub const OBSERVER_TYPE: Concept = Concept::dcm("121005", "Observer Type");
/// Observer type: device.
pub const DEVICE: Concept = Concept::dcm("121007", "Device");
/// UID of the observing device.
pub const DEVICE_UID: Concept = Concept::dcm("121012", "Device Observer UID");
/// Its name.
pub const DEVICE_NAME: Concept = Concept::dcm("121013", "Device Observer Name");
/// Its manufacturer.
pub const DEVICE_MANUFACTURER: Concept = Concept::dcm("121014", "Device Observer Manufacturer");
/// Its model.
pub const DEVICE_MODEL: Concept = Concept::dcm("121015", "Device Observer Model Name");
/// Its serial number.
pub const DEVICE_SERIAL: Concept = Concept::dcm("121016", "Device Observer Serial Number");
/// Where it stands.
pub const DEVICE_LOCATION: Concept =
    Concept::dcm("121017", "Device Observer Physical Location During Observation");
/// Its role in the procedure.
pub const DEVICE_ROLE: Concept = Concept::dcm("113876", "Device Role in Procedure");
/// Role of a device: it irradiated.
pub const IRRADIATING_DEVICE: Concept = Concept::dcm("113859", "Irradiating Device");
/// Name of a participating person.
pub const PERSON_NAME: Concept = Concept::dcm("113870", "Person Name");
/// Role of that person in the procedure.
pub const PERSON_ROLE: Concept = Concept::dcm("113875", "Person Role in Procedure");
/// Where that person works.
pub const PERSON_ORGANIZATION: Concept = Concept::dcm("113873", "Organization Name");
/// Role: authorised the irradiation.
pub const AUTHORISING: Concept = Concept::dcm("113850", "Irradiation Authorizing");
/// Role: gave the irradiation.
pub const ADMINISTERING: Concept = Concept::dcm("113851", "Irradiation Administering");

/// What the totals add up.
pub const SCOPE: Concept = Concept::dcm("113705", "Scope of Accumulation");
/// Scope: the study.
pub const SCOPE_STUDY: Concept = Concept::dcm("113014", "Study");
/// UID of the study in scope.
pub const STUDY_UID: Concept = Concept::dcm("110180", "Study Instance UID");
/// Where the numbers come from.
pub const SOURCE: Concept = Concept::dcm("113854", "Source of Dose Information");
/// Source: the device itself.
pub const AUTOMATED: Concept = Concept::dcm("113856", "Automated Data Collection");
/// Start of irradiation.
pub const IRRADIATION_START: Concept = Concept::dcm("113809", "Start of X-Ray Irradiation");
/// End of irradiation.
pub const IRRADIATION_END: Concept = Concept::dcm("113810", "End of X-Ray Irradiation");

/// UID of an X-ray irradiation event.
pub const EVENT_UID: Concept = Concept::dcm("113769", "Irradiation Event UID");
/// When an event began.
pub const EVENT_START: Concept = Concept::dcm("111526", "DateTime Started");
/// Protocol of an event.
pub const PROTOCOL: Concept = Concept::dcm("125203", "Acquisition Protocol");
/// Region of the body that was irradiated.
pub const TARGET_REGION: Concept = Concept::dcm("123014", "Target Region");
/// Anatomy that was irradiated.
pub const ANATOMY: Concept = Concept::snomed("91723000", "Anatomical structure", &["T-D0005"]);
/// Side of the body.
pub const LATERALITY: Concept = Concept::snomed("272741003", "Laterality", &["G-C171"]);
/// Side: left, or the left breast.
pub const LEFT: Concept = Concept::snomed("7771000", "Left", &["G-A101"]);
/// Side: right.
pub const RIGHT: Concept = Concept::snomed("24028007", "Right", &["G-A100"]);
/// Side: both.
pub const BILATERAL: Concept = Concept::snomed("51440002", "Right and left", &["G-A102"]);
/// The left breast.
pub const LEFT_BREAST: Concept = Concept::snomed("80248007", "Left breast", &["T-04030", "C0222601"]);
/// The right breast.
pub const RIGHT_BREAST: Concept = Concept::snomed("73056007", "Right breast", &["T-04020", "C0222600"]);
/// Both breasts.
pub const BOTH_BREASTS: Concept = Concept::snomed("63762007", "Both breasts", &["T-04080", "C0222605"]);
/// Breast.
pub const BREAST: Concept = Concept::snomed("76752008", "Breast", &["T-04000"]);

/// CT: the totals.
pub const CT_ACCUMULATED: Concept = Concept::dcm("113811", "CT Accumulated Dose Data");
/// CT: number of events.
pub const CT_EVENT_COUNT: Concept = Concept::dcm("113812", "Total Number of Irradiation Events");
/// CT: total dose length product.
pub const DLP_TOTAL: Concept = Concept::dcm("113813", "CT Dose Length Product Total");
/// CT: total effective dose.
pub const EFFECTIVE_DOSE_TOTAL: Concept = Concept::dcm("113814", "CT Effective Dose Total");
/// CT: one event.
pub const CT_EVENT: Concept = Concept::dcm("113819", "CT Acquisition");
/// CT: type of an event.
pub const CT_EVENT_TYPE: Concept = Concept::dcm("113820", "CT Acquisition Type");
/// CT event type: spiral.
pub const SPIRAL: Concept = Concept::snomed("116152004", "Spiral Acquisition", &["P5-08001", "C0860888"]);
/// CT event type: sequenced.
pub const SEQUENCED: Concept = Concept::dcm("113804", "Sequenced Acquisition");
/// CT event type: constant angle, a localiser.
pub const CONSTANT_ANGLE: Concept = Concept::dcm("113805", "Constant Angle Acquisition");
/// CT event type: stationary.
pub const CT_STATIONARY: Concept = Concept::dcm("113806", "Stationary Acquisition");
/// CT event type: free.
pub const FREE: Concept = Concept::dcm("113807", "Free Acquisition");
/// CT event type: cone beam.
pub const CONE_BEAM: Concept =
    Concept::snomed("702569007", "Cone Beam Acquisition", &["R-FB8F1", "C3839509"]);
/// CT: parameters of an event.
pub const CT_PARAMETERS: Concept = Concept::dcm("113822", "CT Acquisition Parameters");
/// CT: parameters of one tube.
pub const CT_SOURCE_PARAMETERS: Concept = Concept::dcm("113831", "CT X-Ray Source Parameters");
/// CT: which tube.
pub const CT_SOURCE_ID: Concept = Concept::dcm("113832", "Identification of the X-Ray Source");
/// CT: highest tube current.
pub const TUBE_CURRENT_MAXIMUM: Concept = Concept::dcm("113833", "Maximum X-Ray Tube Current");
/// CT: time of a rotation.
pub const ROTATION_TIME: Concept = Concept::dcm("113834", "Exposure Time per Rotation");
/// CT: length scanned.
pub const SCANNING_LENGTH: Concept = Concept::dcm("113825", "Scanning Length");
/// CT: width of one slice.
pub const SINGLE_COLLIMATION: Concept = Concept::dcm("113826", "Nominal Single Collimation Width");
/// CT: width of all slices.
pub const TOTAL_COLLIMATION: Concept = Concept::dcm("113827", "Nominal Total Collimation Width");
/// CT: pitch.
pub const PITCH: Concept = Concept::dcm("113828", "Pitch Factor");
/// CT: number of tubes.
pub const SOURCE_COUNT: Concept = Concept::dcm("113823", "Number of X-Ray Sources");
/// CT: dose of an event.
pub const CT_DOSE: Concept = Concept::dcm("113829", "CT Dose");
/// CT: mean CTDIvol of an event.
pub const CTDI_VOL: Concept = Concept::dcm("113830", "Mean CTDIvol");
/// CT: phantom that CTDIvol refers to.
pub const PHANTOM: Concept = Concept::dcm("113835", "CTDIw Phantom Type");
/// Phantom: head, 16 cm.
pub const HEAD_PHANTOM: Concept = Concept::dcm("113690", "IEC Head Dosimetry Phantom");
/// Phantom: body, 32 cm.
pub const BODY_PHANTOM: Concept = Concept::dcm("113691", "IEC Body Dosimetry Phantom");
/// CT: dose length product of an event.
pub const DLP: Concept = Concept::dcm("113838", "DLP");
/// Effective dose of an event.
pub const EFFECTIVE_DOSE: Concept = Concept::dcm("113839", "Effective Dose");
/// Authority of a calculation.
pub const REFERENCE_AUTHORITY: Concept = Concept::dcm("121406", "Reference Authority");

/// Projection: the totals of a plane.
pub const ACCUMULATED: Concept = Concept::dcm("113702", "Accumulated X-Ray Dose Data");
/// Projection: one event.
pub const EVENT: Concept = Concept::dcm("113706", "Irradiation Event X-Ray Data");
/// Which plane.
pub const PLANE: Concept = Concept::dcm("113764", "Acquisition Plane");
/// Plane A.
pub const PLANE_A: Concept = Concept::dcm("113620", "Plane A");
/// Plane B.
pub const PLANE_B: Concept = Concept::dcm("113621", "Plane B");
/// The only plane.
pub const SINGLE_PLANE: Concept = Concept::dcm("113622", "Single Plane");
/// All planes together.
pub const ALL_PLANES: Concept = Concept::dcm("113890", "All Planes");
/// Projection: type of an event.
pub const EVENT_TYPE: Concept = Concept::dcm("113721", "Irradiation Event Type");
/// Projection event type: stationary.
pub const STATIONARY: Concept = Concept::dcm("113611", "Stationary Acquisition");
/// Projection event type: stepping.
pub const STEPPING: Concept = Concept::dcm("113612", "Stepping Acquisition");
/// Projection event type: rotational.
pub const ROTATIONAL: Concept = Concept::dcm("113613", "Rotational Acquisition");
/// Total dose area product.
pub const DAP_TOTAL: Concept = Concept::dcm("113722", "Dose Area Product Total");
/// Total air kerma at the reference point.
pub const RP_TOTAL: Concept = Concept::dcm("113725", "Dose (RP) Total");
/// Dose area product of fluoroscopy.
pub const FLUORO_DAP: Concept = Concept::dcm("113726", "Fluoro Dose Area Product Total");
/// Air kerma of fluoroscopy.
pub const FLUORO_RP: Concept = Concept::dcm("113728", "Fluoro Dose (RP) Total");
/// Time of fluoroscopy.
pub const FLUORO_TIME: Concept = Concept::dcm("113730", "Total Fluoro Time");
/// Dose area product of acquisitions.
pub const ACQUISITION_DAP: Concept = Concept::dcm("113727", "Acquisition Dose Area Product Total");
/// Air kerma of acquisitions.
pub const ACQUISITION_RP: Concept = Concept::dcm("113729", "Acquisition Dose (RP) Total");
/// Time of acquisitions.
pub const ACQUISITION_TIME: Concept = Concept::dcm("113855", "Total Acquisition Time");
/// Number of frames.
pub const FRAMES: Concept = Concept::dcm("113731", "Total Number of Radiographic Frames");
/// Where the reference point is.
pub const RP_DEFINITION: Concept = Concept::dcm("113780", "Reference Point Definition");
/// Reference point: 15 cm from the isocentre towards the source.
pub const RP_15CM: Concept = Concept::dcm("113860", "15cm from Isocenter toward Source");
/// Accumulated average glandular dose.
pub const AGD_TOTAL: Concept = Concept::dcm("111637", "Accumulated Average Glandular Dose");
/// Dose area product of an event.
pub const DAP: Concept = Concept::dcm("122130", "Dose Area Product");
/// Air kerma at the reference point of an event.
pub const RP: Concept = Concept::dcm("113738", "Dose (RP)");
/// Average glandular dose of an event.
pub const AGD: Concept = Concept::dcm("111631", "Average Glandular Dose");
/// Incident air kerma of a mammography event.
pub const ENTRANCE_EXPOSURE: Concept = Concept::dcm("111636", "Entrance Exposure at RP");
/// Half value layer.
pub const HALF_VALUE_LAYER: Concept = Concept::dcm("111634", "Half Value Layer");
/// View of a mammogram.
pub const VIEW: Concept = Concept::dcm("111031", "Image View");
/// View: cranio-caudal.
pub const CRANIO_CAUDAL: Concept = Concept::snomed("399162004", "cranio-caudal", &["R-10242"]);
/// View: medio-lateral oblique.
pub const MEDIO_LATERAL_OBLIQUE: Concept =
    Concept::snomed("399368009", "medio-lateral oblique", &["R-10226"]);
/// How long an event lasted.
pub const DURATION: Concept = Concept::dcm("113742", "Irradiation Duration");
/// Exposure time: milliseconds in projection reports, seconds in CT reports.
pub const EXPOSURE_TIME: Concept = Concept::dcm("113824", "Exposure Time");
/// Tube voltage.
pub const KVP: Concept = Concept::dcm("113733", "KVP");
/// Tube current.
pub const TUBE_CURRENT: Concept = Concept::dcm("113734", "X-Ray Tube Current");
/// Thickness of the compressed breast.
pub const COMPRESSION_THICKNESS: Concept = Concept::dcm("111633", "Compression Thickness");

/// What was done with the radiopharmaceutical.
pub const ASSOCIATED_PROCEDURE: Concept = Concept::snomed("363589002", "Associated Procedure", &["G-C2D0"]);
/// Procedure: PET of the whole body with FDG and CT.
pub const PET_WHOLE_BODY: Concept = Concept::snomed("443271005", "PET-CT FDG imaging of whole body", &[]);
/// One administration of a radiopharmaceutical.
pub const ADMINISTRATION: Concept = Concept::dcm("113502", "Radiopharmaceutical Administration");
/// UID of an administration.
pub const ADMINISTRATION_UID: Concept =
    Concept::dcm("113503", "Radiopharmaceutical Administration Event UID");
/// What was given.
pub const AGENT: Concept = Concept::snomed("349358000", "Radiopharmaceutical agent", &["F-61FDB"]);
/// Its radionuclide.
pub const RADIONUCLIDE: Concept = Concept::snomed("89457008", "Radionuclide", &["C-10072"]);
/// Half life of the radionuclide.
pub const HALF_LIFE: Concept = Concept::snomed("304283002", "Radionuclide Half Life", &["R-42806"]);
/// When it was given.
pub const ADMINISTRATION_START: Concept = Concept::dcm("123003", "Radiopharmaceutical Start DateTime");
/// Until when it was given.
pub const ADMINISTRATION_STOP: Concept = Concept::dcm("123004", "Radiopharmaceutical Stop DateTime");
/// How much was given.
pub const ACTIVITY: Concept = Concept::dcm("113507", "Administered activity");
/// By which route.
pub const ROUTE: Concept = Concept::snomed("410675002", "Route of administration", &["G-C340"]);
/// Route: intravenous.
pub const INTRAVENOUS: Concept = Concept::snomed("47625008", "Intravenous route", &["G-D101"]);
/// Fluorodeoxyglucose F-18.
pub const FDG: Concept = Concept::snomed("35321007", "Fluorodeoxyglucose F^18^", &["C-B1031"]);
/// Fluorine-18.
pub const FLUORINE_18: Concept = Concept::snomed("77004003", "^18^Fluorine", &["C-111A1"]);

/// Vendor summary: fluoroscopy time.
pub const SUMMARY_FLUORO_TIME: Concept = Concept::private("C-202", "99SMS_RADSUM", "Cumulative fluoro time");
/// Vendor summary: dose area product.
pub const SUMMARY_DAP: Concept = Concept::private("C-204", "99SMS_RADSUM", "Cumulative dose area product");
/// Vendor summary: start.
pub const SUMMARY_START: Concept = Concept::private("C-206", "99SMS_RADSUM", "Start of the examination");
/// Vendor summary: end.
pub const SUMMARY_END: Concept = Concept::private("C-208", "99SMS_RADSUM", "End of the examination");
/// Vendor summary: air kerma.
pub const SUMMARY_RP: Concept = Concept::private("C-210", "99SMS_RADSUM", "Cumulative air kerma");
