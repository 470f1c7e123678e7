//! The names that a seed may draw for each of the twelve, and where they live. The first two and the next two are like-named.

use crate::person::{Name, Sex};

/// Which of several conventions a person's name and address follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Culture {
    Chinese,
    Western,
}

impl Culture {
    /// BCP 47 and its name.
    pub(crate) fn language(self) -> (&'static str, &'static str) {
        match self {
            Culture::Chinese => ("zh", "Chinese"),
            Culture::Western => ("en", "English"),
        }
    }

    pub(crate) fn city(self) -> &'static str {
        match self {
            Culture::Chinese => "云州",
            Culture::Western => "Weaverton",
        }
    }

    pub(crate) fn streets(self) -> &'static [&'static str] {
        match self {
            Culture::Chinese => &["纺织路", "织锦街", "桑园路", "梭子桥南路"],
            Culture::Western => &["Loom Lane", "Shuttle Street", "Old Dyeworks Road", "Thimble Row"],
        }
    }

    pub(crate) fn street_line(self, street: &str, house: u64) -> String {
        match self {
            Culture::Chinese => format!("{street}{house}号"),
            Culture::Western => format!("{house} {street}"),
        }
    }
}

/// One of the twelve before a seed is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) names: [Name; 3],
    /// The slot whose draw decides the line of `names`.
    pub(crate) names_with: usize,
    pub(crate) sex: Sex,
    pub(crate) age_years: i64,
    pub(crate) culture: Culture,
}

const fn zh(
    family_native: &'static str,
    given_native: &'static str,
    family: &'static str,
    given: &'static str,
) -> Name {
    Name { family, given, native: Some((family_native, given_native)) }
}

const fn en(given: &'static str, family: &'static str) -> Name {
    Name { family, given, native: None }
}

#[rustfmt::skip]
pub(crate) const PEOPLE: [Slot; 12] = [
    Slot { names: [zh("沈", "澄远", "Shen", "Chengyuan"), zh("邵", "砚书", "Shao", "Yanshu"), zh("覃", "柏舟", "Qin", "Bozhou")],
        names_with: 0, sex: Sex::Male, age_years: 68, culture: Culture::Chinese },
    Slot { names: [zh("沈", "橙媛", "Shen", "Chengyuan"), zh("邵", "燕舒", "Shao", "Yanshu"), zh("秦", "伯周", "Qin", "Bozhou")],
        names_with: 0, sex: Sex::Female, age_years: 41, culture: Culture::Chinese },
    Slot { names: [en("Ingrid", "Thorvaldsen"), en("Maureen", "Abernathy"), en("Rosalba", "Castellano")],
        names_with: 2, sex: Sex::Female, age_years: 79, culture: Culture::Western },
    Slot { names: [en("Ingrid", "Thorvaldson"), en("Maureen", "Abernethy"), en("Rosalba", "Castellani")],
        names_with: 2, sex: Sex::Female, age_years: 74, culture: Culture::Western },
    Slot { names: [zh("骆", "吟秋", "Luo", "Yinqiu"), zh("蒲", "听雪", "Pu", "Tingxue"), zh("晏", "采薇", "Yan", "Caiwei")],
        names_with: 4, sex: Sex::Female, age_years: 27, culture: Culture::Chinese },
    Slot { names: [zh("鲁", "铁山", "Lu", "Tieshan"), zh("屠", "望北", "Tu", "Wangbei"), zh("芮", "守田", "Rui", "Shoutian")],
        names_with: 5, sex: Sex::Male, age_years: 57, culture: Culture::Chinese },
    Slot { names: [en("Declan", "O'Shaughnessy"), en("Fergus", "O'Donoghue"), en("Malachy", "O'Rafferty")],
        names_with: 6, sex: Sex::Male, age_years: 61, culture: Culture::Western },
    Slot { names: [zh("欧阳", "惠兰", "Ouyang", "Huilan"), zh("司徒", "月桂", "Situ", "Yuegui"), zh("上官", "秋菊", "Shangguan", "Qiuju")],
        names_with: 7, sex: Sex::Female, age_years: 84, culture: Culture::Chinese },
    Slot { names: [en("Søren", "Küster-Lindqvist"), en("Aurélien", "Desroches-Kühn"), en("Bożydar", "Wiśniowiecki")],
        names_with: 8, sex: Sex::Male, age_years: 52, culture: Culture::Western },
    Slot { names: [zh("戚", "仲谋", "Qi", "Zhongmou"), zh("柯", "怀瑾", "Ke", "Huaijin"), zh("桑", "海平", "Sang", "Haiping")],
        names_with: 9, sex: Sex::Male, age_years: 72, culture: Culture::Chinese },
    Slot { names: [en("Adaeze", "Nwankwo-Bright"), en("Temitope", "Olanrewaju"), en("Wanjiru", "Kamande")],
        names_with: 10, sex: Sex::Female, age_years: 29, culture: Culture::Western },
    Slot { names: [zh("童", "小满", "Tong", "Xiaoman"), zh("裘", "可颂", "Qiu", "Kesong"), zh("阮", "星野", "Ruan", "Xingye")],
        names_with: 11, sex: Sex::Male, age_years: 6, culture: Culture::Chinese },
];
