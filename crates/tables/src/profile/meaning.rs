//! What values say by themselves, in English, German, French, Spanish, Portuguese, Chinese and Japanese: a sex, a kind of visit, a flag, how
//! sure a diagnosis is, how something stands.
//!
//! Only what can mean one thing is known: the rest is for a person.

/// The sex that a spelling is.
pub(super) fn sex_of(value: &str) -> Option<&'static str> {
    match value.trim().to_lowercase().as_str() {
        "m" | "male" | "man" | "男" | "男性" | "masculin" | "männlich" | "homme" | "masculino" | "hombre" | "homem"
        | "maschio" | "varón" => Some("male"),
        "f" | "female" | "woman" | "w" | "女" | "女性" | "féminin" | "weiblich" | "femme" | "femenino" | "feminino"
        | "mujer" | "mulher" | "femmina" => Some("female"),
        _ => None,
    }
}

/// The class of a visit that a word is.
pub(super) fn class_of(value: &str) -> Option<&'static str> {
    let lower = value.trim().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    Some(match lower.as_str() {
        "i" | "imp" | "ip" | "inp" | "stat." => "IMP",
        "o" | "op" | "amb" | "amb." | "outp" => "AMB",
        "e" | "er" | "ed" | "emer" => "EMER",
        "acute" => "ACUTE",
        "nonac" => "NONAC",
        "prenc" => "PRENC",
        "obsenc" => "OBSENC",
        "ss" => "SS",
        "hh" => "HH",
        "vr" => "VR",
        "fld" => "FLD",
        // Before and after a stay: no class says that.
        _ if has(&["vorstat", "nachstat"]) => return None,
        _ if has(&["teilstat", "tagesklinik"]) => "SS",
        _ if has(&["emergency", "急诊", "urgences", "notfall", "notaufnahme", "urgencia", "urgência", "救急"])
            || lower == "ew emer." =>
        {
            "EMER"
        }
        _ if has(&["inpatient", "hospitali", "住院", "stationär", "stationaer", "internaç", "internac", "入院"]) => {
            "IMP"
        }
        _ if has(&[
            "outpatient",
            "ambulatory",
            "门诊",
            "wellness",
            "walk-in",
            "urgentcare",
            "urgent care",
            "office",
            "ambulant",
            "ambulator",
            "ambulatoire",
            "外来",
        ]) =>
        {
            "AMB"
        }
        _ if has(&["home", "居家"]) => "HH",
        _ if has(&["virtual", "telehealth", "互联网"]) => "VR",
        _ if has(&["observation", "留观"]) => "OBSENC",
        _ if has(&["day surgery", "short stay", "日间"]) => "SS",
        _ => return None,
    })
}

/// The interpretation that a flag is.
pub(super) fn flag_of(value: &str) -> Option<&'static str> {
    Some(match value.trim().to_lowercase().as_str() {
        "h" | "↑" | "high" | "高" | "偏高" | "升高" => "H",
        "l" | "↓" | "low" | "低" | "偏低" | "降低" => "L",
        "hh" | "↑↑" | "critical high" => "HH",
        "ll" | "↓↓" | "critical low" => "LL",
        "n" | "normal" | "正常" => "N",
        "a" | "abnormal" | "异常" | "*" => "A",
        "aa" | "critical" | "危急" => "AA",
        "pos" | "positive" | "阳性" => "POS",
        "neg" | "negative" | "阴性" => "NEG",
        _ => return None,
    })
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Planned,
    Registered,
    Arrived,
    InProgress,
    Preliminary,
    Done,
    Corrected,
    Amended,
    Held,
    Stopped,
    Cancelled,
    Refused,
    Mistaken,
}

const STATES: [(State, &[&str]); 13] = [
    (
        State::Planned,
        &[
            "planned",
            "scheduled",
            "booked",
            "appointment",
            "预约",
            "已预约",
            "待就诊",
            "geplant",
            "planifié",
            "planifie",
            "prévu",
            "prevu",
            "programado",
            "programada",
            "agendado",
            "agendada",
            "planificado",
            "予約",
            "予定",
        ],
    ),
    (
        State::Registered,
        &[
            "registered",
            "ordered",
            "pending",
            "requested",
            "已申请",
            "申请",
            "angefordert",
            "offen",
            "demandé",
            "demande",
            "solicitado",
            "solicitada",
            "依頼",
        ],
    ),
    (State::Arrived, &["arrived", "checked in", "checked-in", "eingetroffen", "已到", "已签到", "受付"]),
    (
        State::InProgress,
        &[
            "in progress",
            "in-progress",
            "active",
            "ongoing",
            "running",
            "admitted",
            "aktiv",
            "laufend",
            "en cours",
            "en curso",
            "em andamento",
            "activo",
            "activa",
            "ativo",
            "ativa",
            "vigente",
            "在院",
            "进行中",
            "执行中",
            "在用",
            "実施中",
            "入院中",
        ],
    ),
    (
        State::Preliminary,
        &[
            "preliminary",
            "prelim",
            "interim",
            "unverified",
            "vorläufig",
            "vorlaufig",
            "provisoire",
            "preliminar",
            "初步",
            "初步报告",
            "未审核",
            "中間報告",
            "仮報告",
        ],
    ),
    (
        State::Done,
        &[
            "final",
            "finished",
            "completed",
            "complete",
            "done",
            "closed",
            "discharged",
            "given",
            "administered",
            "performed",
            "verified",
            "validated",
            "resulted",
            "完成",
            "已完成",
            "已出院",
            "已审核",
            "已执行",
            "已发布",
            "abgeschlossen",
            "beendet",
            "erledigt",
            "verabreicht",
            "entlassen",
            "freigegeben",
            "terminé",
            "termine",
            "terminée",
            "terminee",
            "validé",
            "valide",
            "validée",
            "validee",
            "administré",
            "administre",
            "finalizado",
            "finalizada",
            "completado",
            "concluído",
            "concluido",
            "concluída",
            "concluida",
            "realizado",
            "realizada",
            "administrado",
            "administrada",
            "validado",
            "liberado",
            "alta",
            "encerrado",
            "encerrada",
            "完了",
            "実施済",
            "退院済",
            "確定",
            "最終報告",
        ],
    ),
    (
        State::Corrected,
        &[
            "corrected",
            "correction",
            "korrigiert",
            "corrigé",
            "corrige",
            "corregido",
            "corrigido",
            "更正",
            "修正",
            "已更正",
            "訂正",
        ],
    ),
    (State::Amended, &["amended", "ergänzt", "补充"]),
    (
        State::Held,
        &[
            "held",
            "on hold",
            "on-hold",
            "hold",
            "paused",
            "suspended",
            "pausiert",
            "suspendu",
            "suspendido",
            "suspendida",
            "suspenso",
            "suspensa",
            "暂停",
            "保留",
        ],
    ),
    (
        State::Stopped,
        &[
            "stopped",
            "discontinued",
            "abgesetzt",
            "abgebrochen",
            "arrêté",
            "arrete",
            "détenu",
            "detenu",
            "detenido",
            "interrompido",
            "interrompida",
            "停止",
            "已停止",
            "已停",
            "停嘱",
            "中止",
        ],
    ),
    (
        State::Cancelled,
        &[
            "cancelled",
            "canceled",
            "cancel",
            "storniert",
            "abgesagt",
            "annulé",
            "annule",
            "annulée",
            "annulee",
            "cancelado",
            "cancelada",
            "anulado",
            "anulada",
            "取消",
            "已取消",
            "退号",
            "已退号",
            "撤销",
            "キャンセル",
            "取消済",
        ],
    ),
    (
        State::Refused,
        &[
            "refused",
            "declined",
            "not given",
            "not done",
            "not-done",
            "abgelehnt",
            "verweigert",
            "refusé",
            "refuse",
            "rechazado",
            "recusado",
            "拒绝",
            "已拒绝",
            "拒否",
        ],
    ),
    (
        State::Mistaken,
        &[
            "entered in error",
            "entered-in-error",
            "error",
            "in error",
            "void",
            "voided",
            "deleted",
            "invalid",
            "irrtümlich",
            "irrtumlich",
            "gelöscht",
            "geloscht",
            "ungültig",
            "ungultig",
            "supprimé",
            "supprime",
            "erroneo",
            "作废",
            "已作废",
            "删除",
            "已删除",
            "無効",
            "削除",
        ],
    ),
];

/// How something stands by a word for it.
pub(super) fn state_of(value: &str) -> Option<State> {
    let lower = value.trim().to_lowercase().replace('_', " ");
    STATES.iter().find(|(_, words)| words.contains(&lower.as_str())).map(|(state, _)| *state)
}

/// The verification status that a word for how sure a diagnosis is means. A state after a disease is none: it says that it is over.
pub(super) fn certainty_of(value: &str) -> Option<&'static str> {
    let lower = value.trim().to_lowercase();
    let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match plain.as_str() {
        "confirmed" | "gesichert" | "g" | "ges" | "definite" | "certain" | "confirmé" | "confirme" | "confirmado"
        | "confirmada" | "definitivo" | "confermato" | "potwierdzone" | "确诊" | "确定" | "已确诊" | "確定" => {
            "confirmed"
        }
        "provisional" | "suspected" | "suspicion" | "working" | "presumed" | "probable" | "va" | "v" | "verdacht"
        | "verdachtauf" | "verdachtsdiagnose" | "vd" | "suspect" | "suspecté" | "présumé" | "sospecha"
        | "sospechoso" | "presuntivo" | "suspeita" | "suspeito" | "provável" | "provavel" | "presuntiva"
        | "sospetto" | "podejrzenie" | "疑い" | "疑似" | "疑诊" | "拟诊" | "待查" | "可疑" => "provisional",
        "differential" | "differentialdiagnose" | "dd" | "鉴别" | "鉴别诊断" => "differential",
        "refuted" | "ruledout" | "excluded" | "ausgeschlossen" | "ausschluss" | "a" | "exclu" | "écarté"
        | "descartado" | "descartada" | "escluso" | "wykluczone" | "否定" | "排除" | "已排除" => "refuted",
        "unconfirmed" | "unbestätigt" | "ungesichert" | "未确诊" | "未确认" => "unconfirmed",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_hospitals_are_understood_and_others_left() {
        for (value, class) in [
            ("ambulant", Some("AMB")),
            ("Stationär", Some("IMP")),
            ("Notfall", Some("EMER")),
            ("teilstationär", Some("SS")),
            ("vorstationär", None),
            ("inpatient", Some("IMP")),
            ("Outpatient", Some("AMB")),
            ("门诊", Some("AMB")),
            ("住院", Some("IMP")),
            ("急诊", Some("EMER")),
            ("AMB", Some("AMB")),
            ("EMER", Some("EMER")),
            ("privat", None),
        ] {
            assert_eq!(class_of(value), class, "{value}");
        }
        for (value, certainty) in [
            ("gesichert", Some("confirmed")),
            ("V.a.", Some("provisional")),
            ("Z.n.", None),
            ("ausgeschlossen", Some("refuted")),
            ("疑似", Some("provisional")),
            ("SUSPEITO", Some("provisional")),
            ("Descartado", Some("refuted")),
            ("确诊", Some("confirmed")),
            ("links", None),
        ] {
            assert_eq!(certainty_of(value), certainty, "{value}");
        }
    }
}
