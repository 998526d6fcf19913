//! ISO 4217 currencies.

use crate::text::{Text, textual};

/// A currency by its ISO 4217 code.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub struct Currency([u8; 3]);

textual!(Currency, CurrencyError, r"^[A-Z]{3}$", "an ISO 4217 code such as \"AUD\"");

/// Why a text is not a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// Not three capital letters of the ISO 4217 list of national currencies.
    #[error("is not a currency code of ISO 4217")]
    Unknown,
}

impl Default for Currency {
    /// The Australian dollar, in which awards are written.
    fn default() -> Self {
        Self::AUD
    }
}

impl Currency {
    /// The Australian dollar.
    pub const AUD: Self = Self(*b"AUD");

    /// Parses a three-letter code.
    #[inline]
    pub fn parse(text: &str) -> Result<Self, CurrencyError> {
        let code = <[u8; 3]>::try_from(text.as_bytes()).map_err(|_| CurrencyError::Unknown)?;
        if Self(code).is_known() { Ok(Self(code)) } else { Err(CurrencyError::Unknown) }
    }

    /// Whether it is on the list; one that came over a wire need not be.
    #[must_use]
    pub fn is_known(self) -> bool {
        CODES.chunks_exact(4).any(|it| it[..3] == self.0)
    }

    /// The code.
    #[must_use]
    pub fn text(self) -> Text<4> {
        let mut text = Text::new();
        for letter in self.0 {
            text.push(letter);
        }
        text
    }

    /// How many digits follow the point: 2 for the dollar, 0 for the yen, 3 for the dinar.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl ArchivedCurrency {
    /// The native value.
    #[must_use]
    pub const fn to_native(&self) -> Currency {
        Currency(self.0)
    }
}

/// The active national and fund codes of ISO 4217, each followed by a blank.
const CODES: &[u8] =
    b"AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV \
BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD \
EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK \
JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT \
MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR \
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP \
TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR \
ZMW ZWG ";
