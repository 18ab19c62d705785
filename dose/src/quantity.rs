//! Amounts of dose that know their unit: kinds are types, so that no DLP is ever added to a DAP (design D11).
//!
//! An amount is made from a number and the UCUM unit that stood beside it, and is kept in the
//! unit of its kind. Implausible values are kept: a reader reports, it does not judge.

use std::fmt;
use std::iter::Sum;
use std::marker::PhantomData;
use std::ops::Add;

/// A kind of quantity: its unit, and what other units are worth in it.
pub trait Kind {
    /// The name of the quantity.
    const NAME: &'static str;
    /// The UCUM unit in which amounts of this kind are kept.
    const UNIT: &'static str;
    /// The unit in which people read it, if that is another.
    const SHOWN_UNIT: &'static str = Self::UNIT;
    /// Units met in reports, with the factor to [`Self::UNIT`]. Vendors' spellings that are not UCUM stand
    /// here too (D01, D02, D05, D06).
    const UNITS: &'static [(&'static str, f64)];
}

/// An amount of one kind, in the unit of that kind.
pub struct Amount<K>(f64, PhantomData<K>);

/// How much radiation a CT event put into a length of the body (mGy.cm).
pub type DoseLengthProduct = Amount<kind::DoseLengthProduct>;
/// How much radiation left a projection system, over its field (Gy.m2).
pub type DoseAreaProduct = Amount<kind::DoseAreaProduct>;
/// Air kerma at the reference point (Gy).
pub type AirKerma = Amount<kind::AirKerma>;
/// Average glandular dose of a breast (mGy).
pub type AverageGlandularDose = Amount<kind::AverageGlandularDose>;
/// Volume CT dose index (mGy). Never summed over events in a report; sums have no meaning for a study.
pub type CtdiVol = Amount<kind::CtdiVol>;
/// Activity given to the patient (MBq).
pub type AdministeredActivity = Amount<kind::AdministeredActivity>;
/// Effective dose as a report states it (mSv).
pub type EffectiveDose = Amount<kind::EffectiveDose>;
/// A duration (s).
pub type Seconds = Amount<kind::Seconds>;
/// Tube voltage (kV).
pub type TubeVoltage = Amount<kind::TubeVoltage>;

/// The kinds.
pub mod kind {
    use super::Kind;

    /// See [`super::DoseLengthProduct`].
    #[derive(Debug)]
    pub struct DoseLengthProduct;
    impl Kind for DoseLengthProduct {
        const NAME: &'static str = "dose length product";
        const UNIT: &'static str = "mGy.cm";
        const UNITS: &'static [(&'static str, f64)] =
            &[("mGy.cm", 1.0), ("mGycm", 1.0), ("mGy*cm", 1.0), ("Gy.cm", 1e3)];
    }

    /// See [`super::DoseAreaProduct`].
    #[derive(Debug)]
    pub struct DoseAreaProduct;
    impl Kind for DoseAreaProduct {
        const NAME: &'static str = "dose area product";
        const UNIT: &'static str = "Gy.m2";
        const SHOWN_UNIT: &'static str = "Gy.cm2";
        const UNITS: &'static [(&'static str, f64)] = &[
            ("Gy.m2", 1.0),
            ("Gym2", 1.0),
            ("mGy.m2", 1e-3),
            ("Gy.cm2", 1e-4),
            ("Gy.cm^2", 1e-4),
            ("Gycm2", 1e-4),
            ("dGy.cm2", 1e-5),
            ("cGy.cm2", 1e-6),
            ("uGy.m2", 1e-6),
            ("uGym2", 1e-6),
            ("mGy.cm2", 1e-7),
        ];
    }

    /// See [`super::AirKerma`].
    #[derive(Debug)]
    pub struct AirKerma;
    impl Kind for AirKerma {
        const NAME: &'static str = "air kerma at the reference point";
        const UNIT: &'static str = "Gy";
        const SHOWN_UNIT: &'static str = "mGy";
        const UNITS: &'static [(&'static str, f64)] =
            &[("Gy", 1.0), ("dGy", 1e-1), ("cGy", 1e-2), ("mGy", 1e-3), ("uGy", 1e-6)];
    }

    /// See [`super::AverageGlandularDose`].
    #[derive(Debug)]
    pub struct AverageGlandularDose;
    impl Kind for AverageGlandularDose {
        const NAME: &'static str = "average glandular dose";
        const UNIT: &'static str = "mGy";
        const UNITS: &'static [(&'static str, f64)] = MILLIGRAY;
    }

    /// See [`super::CtdiVol`].
    #[derive(Debug)]
    pub struct CtdiVol;
    impl Kind for CtdiVol {
        const NAME: &'static str = "CTDIvol";
        const UNIT: &'static str = "mGy";
        const UNITS: &'static [(&'static str, f64)] = MILLIGRAY;
    }

    /// See [`super::AdministeredActivity`].
    #[derive(Debug)]
    pub struct AdministeredActivity;
    impl Kind for AdministeredActivity {
        const NAME: &'static str = "administered activity";
        const UNIT: &'static str = "MBq";
        const UNITS: &'static [(&'static str, f64)] =
            &[("MBq", 1.0), ("GBq", 1e3), ("kBq", 1e-3), ("Bq", 1e-6), ("mCi", 37.0), ("uCi", 0.037)];
    }

    /// See [`super::EffectiveDose`].
    #[derive(Debug)]
    pub struct EffectiveDose;
    impl Kind for EffectiveDose {
        const NAME: &'static str = "effective dose";
        const UNIT: &'static str = "mSv";
        const UNITS: &'static [(&'static str, f64)] = &[("mSv", 1.0), ("Sv", 1e3), ("uSv", 1e-3)];
    }

    /// See [`super::Seconds`].
    #[derive(Debug)]
    pub struct Seconds;
    impl Kind for Seconds {
        const NAME: &'static str = "time";
        const UNIT: &'static str = "s";
        const UNITS: &'static [(&'static str, f64)] =
            &[("s", 1.0), ("ms", 1e-3), ("min", 60.0), ("h", 3600.0)];
    }

    /// See [`super::TubeVoltage`].
    #[derive(Debug)]
    pub struct TubeVoltage;
    impl Kind for TubeVoltage {
        const NAME: &'static str = "tube voltage";
        const UNIT: &'static str = "kV";
        const UNITS: &'static [(&'static str, f64)] = &[("kV", 1.0), ("kVp", 1.0), ("V", 1e-3)];
    }

    const MILLIGRAY: &[(&str, f64)] =
        &[("mGy", 1.0), ("Gy", 1e3), ("dGy", 100.0), ("cGy", 10.0), ("uGy", 1e-3)];
}

impl<K: Kind> Amount<K> {
    /// An amount from a number in the unit of the kind.
    #[must_use]
    pub fn new(value: f64) -> Self {
        Self(value, PhantomData)
    }

    /// An amount from a number and the unit beside it; `None` when this kind has no such unit.
    #[must_use]
    pub fn in_unit(value: f64, unit: &str) -> Option<Self> {
        let unit = unit.trim();
        let (_, factor) = K::UNITS.iter().find(|(known, _)| *known == unit)?;
        Some(Self::new(value * factor))
    }

    /// The number in another unit; `None` when this kind has no such unit.
    #[must_use]
    pub fn to(self, unit: &str) -> Option<f64> {
        let (_, factor) = K::UNITS.iter().find(|(known, _)| *known == unit)?;
        Some(self.0 / factor)
    }

    /// The number, in the unit of the kind.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }

    /// The UCUM unit of the kind.
    #[must_use]
    pub fn unit(self) -> &'static str {
        K::UNIT
    }
}

impl<K> Clone for Amount<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Amount<K> {}

impl<K> PartialEq for Amount<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> PartialOrd for Amount<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.0.partial_cmp(&other.0)
    }
}

impl<K: Kind> Add for Amount<K> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.0 + other.0)
    }
}

impl<K: Kind> Sum for Amount<K> {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self::new(amounts.map(Self::value).sum())
    }
}

impl<K: Kind> fmt::Debug for Amount<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The number in the unit that people read, without the noise of binary fractions: `415.82 mGy.cm`, `0.16 Gy.cm2`.
impl<K: Kind> fmt::Display for Amount<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.to(K::SHOWN_UNIT) {
            Some(value) => (value, K::SHOWN_UNIT),
            None => (self.0, K::UNIT),
        };
        f.pad(&format!("{} {unit}", plain(value)))
    }
}

/// Six significant digits, without trailing zeros; small numbers with an exponent.
fn plain(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if rounded != 0.0 && rounded.abs() < 1e-3 { format!("{rounded:e}") } else { format!("{rounded}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dap(value: f64, unit: &str) -> f64 {
        DoseAreaProduct::in_unit(value, unit).map(Amount::value).unwrap()
    }

    #[test]
    fn converts_the_units_of_dose_area_product() {
        for (value, unit) in [
            (1.0, "Gy.m2"),
            (1.0, "Gym2"),
            (1e4, "Gy.cm2"),
            (1e4, "Gy.cm^2"),
            (1e5, "dGy.cm2"),
            (1e6, "cGy.cm2"),
            (1e6, "uGy.m2"),
            (1e7, "mGy.cm2"),
            (1e3, "mGy.m2"),
        ] {
            assert!((dap(value, unit) - 1.0).abs() < 1e-12, "{unit}");
        }
    }

    #[test]
    fn knows_no_unit_of_another_kind() {
        assert_eq!(DoseAreaProduct::in_unit(1.0, "mGy.cm"), None);
        assert_eq!(DoseLengthProduct::in_unit(1.0, "Gy.m2"), None);
        assert_eq!(AdministeredActivity::in_unit(1.0, "mSv"), None);
    }

    #[test]
    fn tells_milliseconds_from_seconds() {
        assert_eq!(Seconds::in_unit(250.0, "ms"), Some(Seconds::new(0.25)));
        assert_eq!(Seconds::in_unit(250.0, "s"), Some(Seconds::new(250.0)));
    }

    #[test]
    fn counts_millicuries_as_37_megabecquerel() {
        assert_eq!(AdministeredActivity::in_unit(10.0, "mCi"), Some(AdministeredActivity::new(370.0)));
    }

    #[test]
    fn gives_back_the_number_in_another_unit() {
        let dap = DoseAreaProduct::new(0.001_76);
        assert!((dap.to("mGy.cm2").unwrap() - 17_600.0).abs() < 1e-9);
        assert_eq!(dap.to("mGy.cm"), None);
    }

    #[test]
    fn shows_number_and_unit() {
        assert_eq!(DoseLengthProduct::new(415.82).to_string(), "415.82 mGy.cm");
        assert_eq!(DoseAreaProduct::new(1.6e-5).to_string(), "0.16 Gy.cm2");
        assert_eq!(DoseAreaProduct::new(1.6e-9).to_string(), "1.6e-5 Gy.cm2");
        assert_eq!(AirKerma::new(0.1 + 0.2).to_string(), "300 mGy");
        assert_eq!(AirKerma::new(0.0).to_string(), "0 mGy");
    }

    #[test]
    fn sums_amounts_of_one_kind() {
        let total: DoseLengthProduct = [155.97, 259.85].map(DoseLengthProduct::new).into_iter().sum();
        assert!((total.value() - 415.82).abs() < 1e-9);
    }
}
