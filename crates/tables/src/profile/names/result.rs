//! Words of names: what was measured, and what came of it.

/// The lower bound.
pub const RANGE_LOW: &[&str] =
    &["ref range lower", "range low", "normal low", "low", "lower", "range lower", "lln", "参考下限", "下限"];
/// The upper bound.
pub const RANGE_HIGH: &[&str] =
    &["ref range upper", "range high", "normal high", "high", "upper", "range upper", "uln", "参考上限", "上限"];
/// Bounds of what is normal.
pub const RANGE_TEXT: &[&str] = &[
    "reference range",
    "ref range",
    "refrange",
    "normal range",
    "reference",
    "range",
    "referenz",
    "referenzbereich",
    "normbereich",
    "normwert",
    "参考范围",
    "参考值",
    "正常值",
];
/// Whether a result is abnormal.
pub const FLAG: &[&str] = &["abnormal", "flag", "interpretation", "abnormal flag", "异常", "标志", "提示"];
/// Its unit.
pub const UNIT: &[&str] =
    &["unit", "units", "uom", "valueuom", "measurename", "einheit", "masseinheit", "unite", "单位"];
/// The number in a result.
pub const VALUE_NUMBER: &[&str] =
    &["valuenum", "value num", "value number", "numeric value", "value as number", "result numeric", "数值"];
/// A result.
pub const VALUE: &[&str] = &[
    "value",
    "result",
    "resultvalue",
    "result value",
    "labresult",
    "observation value",
    "measurement",
    "reading",
    "wert",
    "ergebnis",
    "messwert",
    "resultat",
    "结果",
    "检验结果",
    "测量值",
    "值",
];
