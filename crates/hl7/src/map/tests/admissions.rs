use super::*;
use crate::message::Charset;
use expect_test::expect;

const A01: &str = "
    MSH|^~\\&|HIS|HOSP|WEAVE||20240305143000||ADT^A01^ADT_A01|M1|P|2.5
    EVN|A01|20240305143000|||||20240305142800
    PID|1|7|7^^^HOSP&1.2.3&ISO^MR~123456789^^^^SS||O\\F\\Neil^Ann^B^Jr^Dr^PhD^L~Annie^^^^^^N||198001021530|F|Old^Name||1 Main St&Main St&1^Apt 2^Town^ST^12345^USA^H^^County~PO Box 9^^Town^^^^M||^PRN^PH^^1^555^1234567^89~^NET^Internet^ann@example.org|5559876^WPN^FX|fr|M|CAT|ACC9^^^HOSP&1.2.3&ISO||||H^Hispanic^HL70189||N|||||20240101|Y
    PD1|||Clinic^^C1|12^House^Greg
    NK1|1|O'Neil^Bob|SPO^Spouse^HL70063|2 Side St^^Town|5551111|5552222
    NK1|2||EMR|||||||||||||||||||||||||||||
    PV1|1|I|4E^401^A^HOSP^^^B2^4|E||3W^301^B^HOSP|12^House^Greg^^^Dr^^^HOSP&1.2.3&ISO|13^Ref^Ray||SUR|||||||12^House^Greg^^^Dr^^^HOSP&1.2.3&ISO||V77^^^HOSP&1.2.3&ISO|||||||||||||||||01||||||||202403051428
    PV2|||R10^Abdominal pain^I10
    DG1|1||K35.8^Acute appendicitis^I10|Appendicitis|20240305|A|||||||||1|12^House^Greg
    AL1|1|DA|7980^Penicillin^RXNORM|SV|Rash~Hives|20100101
    AL1|2|MA|L1^Dust^L|MO
    PR1|1||0DTJ4ZZ^Appendectomy^I10P|Lap. appendectomy|202403051600|||||| 12^House^Greg
    IN1|1|PPO^Gold^INS|77^^^INS|Big Insurance|3 Rd^^City|||G1|Group One|||20240101|20241231||HMO|O'Neil^Bob|SPO|19790203|||||||||||||||||||POL-1|||||||M||||||SUB-1
    ZPI|own|data
";

#[test]
fn an_admission_tells_patient_stay_and_what_comes_with_them() {
    check(
        A01,
        &[],
        expect![[r#"
            CreateIfAbsent Organization urn:medweave:source:his:organization C1
              identifier.system = urn:medweave:source:his:organization
              identifier.value = C1
              name = Clinic
            CreateIfAbsent Practitioner urn:medweave:source:his:practitioner 12
              identifier.system = urn:medweave:source:his:practitioner
              identifier.value = 12
              name.family = House
              name.given = Greg
            Update Patient urn:oid:1.2.3 7
              identifier[0].type.coding = v2-0203#MR 
              identifier[0].system = urn:oid:1.2.3
              identifier[0].value = 7
              identifier[0].assigner.display = HOSP
              identifier[1].type.coding = v2-0203#SS 
              identifier[1].system = http://hl7.org/fhir/sid/us-ssn
              identifier[1].value = 123456789
              identifier[2].system = urn:medweave:source:his:patient
              identifier[2].value = 7
              name[0].use = official
              name[0].family = O|Neil
              name[0].given[0] = Ann
              name[0].given[1] = B
              name[0].prefix = Dr
              name[0].suffix[0] = Jr
              name[0].suffix[1] = PhD
              name[1].use = nickname
              name[1].family = Annie
              name[2].family = Old
              name[2].given = Name
              telecom[0].extension[0].url = http://hl7.org/fhir/StructureDefinition/contactpoint-country
              telecom[0].extension[0].valueString = 1
              telecom[0].extension[1].url = http://hl7.org/fhir/StructureDefinition/contactpoint-area
              telecom[0].extension[1].valueString = 555
              telecom[0].extension[2].url = http://hl7.org/fhir/StructureDefinition/contactpoint-local
              telecom[0].extension[2].valueString = 1234567
              telecom[0].extension[3].url = http://hl7.org/fhir/StructureDefinition/contactpoint-extension
              telecom[0].extension[3].valueString = 89
              telecom[0].system = phone
              telecom[0].value = +1 555 1234567 X89
              telecom[0].use = home
              telecom[1].system = email
              telecom[1].value = ann@example.org
              telecom[2].system = fax
              telecom[2].value = 5559876
              telecom[2].use = work
              gender = female
              birthDate = 1980-01-02
              _birthDate.extension.url = http://hl7.org/fhir/StructureDefinition/patient-birthTime
              _birthDate.extension.valueDateTime = 1980-01-02T15:30:00+08:00
              deceasedDateTime = 2024-01-01
              address[0].use = home
              address[0].line[0] = 1 Main St
              address[0].line[1] = Apt 2
              address[0].city = Town
              address[0].district = County
              address[0].state = ST
              address[0].postalCode = 12345
              address[0].country = USA
              address[1].type = postal
              address[1].line = PO Box 9
              address[1].city = Town
              maritalStatus.coding = v3-MaritalStatus#M Married
              multipleBirthBoolean = false
              communication.language.coding = urn:ietf:bcp:47#fr 
              extension[0].url = urn:medweave:extension:patient-ethnicity
              extension[0].valueCodeableConcept.coding = v2-0189#H Hispanic
              extension[1].url = http://hl7.org/fhir/StructureDefinition/patient-religion
              extension[1].valueCodeableConcept.coding = v2-0006#CAT 
              generalPractitioner[0].reference = -> Organization C1
              generalPractitioner[0].display = Clinic
              generalPractitioner[1].reference = -> Practitioner 12
              generalPractitioner[1].display = Greg House
              contact[0].relationship.coding[0] = v3-RoleCode#SPS spouse
              contact[0].relationship.coding[1] = v2-0063#SPO Spouse
              contact[0].name.family = O'Neil
              contact[0].name.given = Bob
              contact[0].telecom[0].system = phone
              contact[0].telecom[0].value = 5551111
              contact[0].telecom[0].use = home
              contact[0].telecom[1].system = phone
              contact[0].telecom[1].value = 5552222
              contact[0].telecom[1].use = work
              contact[0].address.line = 2 Side St
              contact[0].address.city = Town
              contact[1].relationship.coding[0] = v2-0131#E Employer
              contact[1].relationship.coding[1] = v2-0063#EMR 
            Update Account urn:oid:1.2.3 ACC9
              identifier.system = urn:oid:1.2.3
              identifier.value = ACC9
              identifier.assigner.display = HOSP
              status = active
              subject.reference = -> Patient 7
            CreateIfAbsent Practitioner urn:oid:1.2.3 12
              identifier.system = urn:oid:1.2.3
              identifier.value = 12
              name.family = House
              name.given = Greg
              name.prefix = Dr
            CreateIfAbsent Practitioner urn:medweave:source:his:practitioner 13
              identifier.system = urn:medweave:source:his:practitioner
              identifier.value = 13
              name.family = Ref
              name.given = Ray
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP
              name = HOSP
              mode = instance
              physicalType.coding = location-physical-type#si Site
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/bu:B2
              name = B2
              mode = instance
              physicalType.coding = location-physical-type#bu Building
              partOf.reference = -> Location si:HOSP
              partOf.display = HOSP
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/bu:B2
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/bu:B2/lvl:4
              name = 4
              mode = instance
              physicalType.coding = location-physical-type#lvl Level
              partOf.reference = -> Location si:HOSP/bu:B2
              partOf.display = B2
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/bu:B2/lvl:4
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/bu:B2/lvl:4/wa:4E
              name = 4E
              mode = instance
              physicalType.coding = location-physical-type#wa Ward
              partOf.reference = -> Location si:HOSP/bu:B2/lvl:4
              partOf.display = 4
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/bu:B2/lvl:4/wa:4E
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/bu:B2/lvl:4/wa:4E/ro:401
              name = 401
              mode = instance
              physicalType.coding = location-physical-type#ro Room
              partOf.reference = -> Location si:HOSP/bu:B2/lvl:4/wa:4E
              partOf.display = 4E
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/bu:B2/lvl:4/wa:4E/ro:401
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/bu:B2/lvl:4/wa:4E/ro:401/bd:A
              name = A
              mode = instance
              physicalType.coding = location-physical-type#bd Bed
              partOf.reference = -> Location si:HOSP/bu:B2/lvl:4/wa:4E/ro:401
              partOf.display = 401
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/bu:B2/lvl:4/wa:4E/ro:401/bd:A
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/wa:3W
              name = 3W
              mode = instance
              physicalType.coding = location-physical-type#wa Ward
              partOf.reference = -> Location si:HOSP
              partOf.display = HOSP
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/wa:3W
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/wa:3W/ro:301
              name = 301
              mode = instance
              physicalType.coding = location-physical-type#ro Room
              partOf.reference = -> Location si:HOSP/wa:3W
              partOf.display = 3W
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/wa:3W/ro:301
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/wa:3W/ro:301/bd:B
              name = B
              mode = instance
              physicalType.coding = location-physical-type#bd Bed
              partOf.reference = -> Location si:HOSP/wa:3W/ro:301
              partOf.display = 301
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/wa:3W/ro:301/bd:B
            Update Encounter urn:oid:1.2.3 V77
              identifier[0].system = urn:oid:1.2.3
              identifier[0].value = V77
              identifier[0].assigner.display = HOSP
              identifier[0].type.coding = v2-0203#VN Visit number
              identifier[0].type.text = visit number
              identifier[1].system = urn:oid:1.2.3
              identifier[1].value = ACC9
              identifier[1].assigner.display = HOSP
              identifier[1].type.coding = v2-0203#AN 
              status = in-progress
              class = v3-ActCode#IMP inpatient encounter
              type.coding = v2-0007#E 
              serviceType.coding = v2-0069#SUR 
              subject.reference = -> Patient 7
              participant[0].type.coding = v3-ParticipationType#ATND attender
              participant[0].individual.reference = -> Practitioner 12
              participant[0].individual.display = Dr Greg House
              participant[1].type.coding = v3-ParticipationType#REF referrer
              participant[1].individual.reference = -> Practitioner 13
              participant[1].individual.display = Ray Ref
              participant[2].type.coding = v3-ParticipationType#ADM admitter
              participant[2].individual.reference = -> Practitioner 12
              participant[2].individual.display = Dr Greg House
              period.start = 2024-03-05T14:28:00+08:00
              hospitalization.dischargeDisposition.coding = v2-0112#01 
              location[0].location.reference = -> Location si:HOSP/bu:B2/lvl:4/wa:4E/ro:401/bd:A
              location[0].location.display = 4E 401 A
              location[0].status = active
              location[1].location.reference = -> Location si:HOSP/wa:3W/ro:301/bd:B
              location[1].location.display = 3W 301 B
              location[1].status = completed
              account.reference = -> Account ACC9
              reasonCode.coding = http://hl7.org/fhir/sid/icd-10#R10 Abdominal pain
              diagnosis.condition.reference = -> Condition c73f508ee687a514|V77/K35.8/A
              diagnosis.use.coding[0] = diagnosis-role#AD Admission diagnosis
              diagnosis.use.coding[1] = v2-0052#A 
              diagnosis.rank = 1
            Update RelatedPerson urn:medweave:source:his:related-person c73f508ee687a514/SPO/Bob O'Neil
              patient.reference = -> Patient 7
              relationship.coding[0] = v3-RoleCode#SPS spouse
              relationship.coding[1] = v2-0063#SPO Spouse
              name.family = O'Neil
              name.given = Bob
              telecom[0].system = phone
              telecom[0].value = 5551111
              telecom[0].use = home
              telecom[1].system = phone
              telecom[1].value = 5552222
              telecom[1].use = work
              address.line = 2 Side St
              address.city = Town
              identifier.system = urn:medweave:source:his:related-person
              identifier.value = c73f508ee687a514/SPO/Bob O'Neil
            Update Condition urn:medweave:source:his:diagnosis c73f508ee687a514|V77/K35.8/A
              category.coding = condition-category#encounter-diagnosis Encounter Diagnosis
              code.coding = http://hl7.org/fhir/sid/icd-10#K35.8 Acute appendicitis
              code.text = Appendicitis
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V77
              onsetDateTime = 2024-03-05
              asserter.reference = -> Practitioner 12
              asserter.display = Greg House
              identifier.system = urn:medweave:source:his:diagnosis
              identifier.value = c73f508ee687a514|V77/K35.8/A
            Update AllergyIntolerance urn:medweave:source:his:allergy c73f508ee687a514/7980
              type = allergy
              category = medication
              code.coding = http://www.nlm.nih.gov/research/umls/rxnorm#7980 Penicillin
              patient.reference = -> Patient 7
              clinicalStatus.coding = allergyintolerance-clinical#active Active
              criticality = high
              reaction.manifestation[0].text = Rash
              reaction.manifestation[1].text = Hives
              onsetDateTime = 2010-01-01
              identifier.system = urn:medweave:source:his:allergy
              identifier.value = c73f508ee687a514/7980
            Update AllergyIntolerance urn:medweave:source:his:allergy c73f508ee687a514/L1
              type = allergy
              extension.url = http://hl7.org/fhir/StructureDefinition/alternate-codes
              extension.valueCodeableConcept.coding = v2-0127#MA 
              code.coding = urn:medweave:source:his:codes:L#L1 Dust
              patient.reference = -> Patient 7
              clinicalStatus.coding = allergyintolerance-clinical#active Active
              _criticality.extension.url = http://hl7.org/fhir/StructureDefinition/alternate-codes
              _criticality.extension.valueCodeableConcept.coding = v2-0128#MO 
              identifier.system = urn:medweave:source:his:allergy
              identifier.value = c73f508ee687a514/L1
            Update Procedure urn:medweave:source:his:procedure c73f508ee687a514/0DTJ4ZZ/2024-03-05T16:00:00+08:00
              status = completed
              code.coding = http://www.cms.gov/Medicare/Coding/ICD10#0DTJ4ZZ Appendectomy
              code.text = Lap. appendectomy
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V77
              performedDateTime = 2024-03-05T16:00:00+08:00
              performer.function.coding = v2-0912#PS Primary Surgeon
              performer.actor.reference = -> Practitioner 12
              performer.actor.display = Greg House
              identifier.system = urn:medweave:source:his:procedure
              identifier.value = c73f508ee687a514/0DTJ4ZZ/2024-03-05T16:00:00+08:00
            Update RelatedPerson urn:medweave:source:his:related-person c73f508ee687a514/insured/Bob O'Neil
              patient.reference = -> Patient 7
              relationship.coding[0] = v3-RoleCode#SPS spouse
              relationship.coding[1] = v2-0063#SPO 
              name.family = O'Neil
              name.given = Bob
              birthDate = 1979-02-03
              identifier.system = urn:medweave:source:his:related-person
              identifier.value = c73f508ee687a514/insured/Bob O'Neil
            CreateIfAbsent Organization urn:medweave:authority:INS 77
              identifier.system = urn:medweave:authority:INS
              identifier.value = 77
              identifier.assigner.display = INS
              name = Big Insurance
              address.line = 3 Rd
              address.city = City
            Update Coverage urn:medweave:source:his:coverage c73f508ee687a514/PPO/77/
              identifier[0].system = urn:medweave:coding-system:INS
              identifier[0].value = PPO
              identifier[1].system = urn:medweave:source:his:coverage
              identifier[1].value = c73f508ee687a514/PPO/77/
              status = active
              type.coding = v2-0086#HMO 
              beneficiary.reference = -> Patient 7
              relationship.coding = subscriber-relationship#spouse 
              subscriber.reference = -> RelatedPerson c73f508ee687a514/insured/Bob O'Neil
              subscriber.display = Bob O'Neil
              period.start = 2024-01-01
              period.end = 2024-12-31
              payor.reference = -> Organization 77
              payor.display = Big Insurance
              class[0].type.coding = coverage-class#plan Plan
              class[0].value = PPO
              class[0].name = Gold
              class[1].type.coding = coverage-class#group Group
              class[1].value = G1
              class[1].name = Group One
            not mapped [EVN-7, IN1-37, IN1-44, IN1-50, ZPI]
        "#]],
    );
}

#[test]
fn a_chinese_admission_in_gb18030_reads_as_it_was_written() {
    let text = lines(
        "
        MSH|^~\\&|HIS|第一人民医院|WEAVE||20240305143000||ADT^A01|M2|P|2.4||||||GB 18030-2000
        PID|1||0012345^^^HIS^PI||张倈^三丰^^^^^L||19800102|M||HA^汉族|朝阳区建国路乗号^^北京市^北京^100020^CHN^H||13800138000^PRN^CP||||||11010519491231002X
        PV1|1|I|心内科^12^03||||1001^李^医生||||||||||||V2024001|||||||||||||||||||||||||20240305142800
        DG1|1||I21.900^急性心肌梗死^ICD-10||20240305|A
        AL1|1|DA|^青霉素|SV|皮疹
        ",
    );
    let bytes = Charset::GB18030.encode(&text);
    assert!(std::str::from_utf8(&bytes).is_err());
    expect![[r#"
        Update Patient urn:medweave:authority:HIS 0012345
          identifier[0].type.coding = v2-0203#PI 
          identifier[0].system = urn:medweave:authority:HIS
          identifier[0].value = 0012345
          identifier[0].assigner.display = HIS
          identifier[1].type.coding = v2-0203#SB 
          identifier[1].system = urn:medweave:source:his:national-number
          identifier[1].value = 11010519491231002X
          name.use = official
          name.family = 张倈
          name.given = 三丰
          telecom.system = phone
          telecom.value = 13800138000
          telecom.use = home
          gender = male
          birthDate = 1980-01-02
          address.use = home
          address.line = 朝阳区建国路乗号
          address.city = 北京市
          address.state = 北京
          address.postalCode = 100020
          address.country = CHN
          extension.url = urn:medweave:extension:patient-race
          extension.valueCodeableConcept.coding = v2-0005#HA 汉族
        CreateIfAbsent Practitioner urn:medweave:source:his:practitioner 1001
          identifier.system = urn:medweave:source:his:practitioner
          identifier.value = 1001
          name.family = 李
          name.given = 医生
        CreateIfAbsent Location urn:medweave:source:his:location wa:心内科
          name = 心内科
          mode = instance
          physicalType.coding = location-physical-type#wa Ward
          identifier.system = urn:medweave:source:his:location
          identifier.value = wa:心内科
        CreateIfAbsent Location urn:medweave:source:his:location wa:心内科/ro:12
          name = 12
          mode = instance
          physicalType.coding = location-physical-type#ro Room
          partOf.reference = -> Location wa:心内科
          partOf.display = 心内科
          identifier.system = urn:medweave:source:his:location
          identifier.value = wa:心内科/ro:12
        CreateIfAbsent Location urn:medweave:source:his:location wa:心内科/ro:12/bd:03
          name = 03
          mode = instance
          physicalType.coding = location-physical-type#bd Bed
          partOf.reference = -> Location wa:心内科/ro:12
          partOf.display = 12
          identifier.system = urn:medweave:source:his:location
          identifier.value = wa:心内科/ro:12/bd:03
        Update Encounter urn:medweave:source:his:visit V2024001
          identifier.system = urn:medweave:source:his:visit
          identifier.value = V2024001
          identifier.type.coding = v2-0203#VN Visit number
          identifier.type.text = visit number
          status = in-progress
          class = v3-ActCode#IMP inpatient encounter
          subject.reference = -> Patient 0012345
          participant.type.coding = v3-ParticipationType#ATND attender
          participant.individual.reference = -> Practitioner 1001
          participant.individual.display = 李医生
          period.start = 2024-03-05T14:28:00+08:00
          location.location.reference = -> Location wa:心内科/ro:12/bd:03
          location.location.display = 心内科 12 03
          location.status = active
          diagnosis.condition.reference = -> Condition 14dca9dc74b1ee04|V2024001/I21.900/A
          diagnosis.use.coding[0] = diagnosis-role#AD Admission diagnosis
          diagnosis.use.coding[1] = v2-0052#A 
        Update Condition urn:medweave:source:his:diagnosis 14dca9dc74b1ee04|V2024001/I21.900/A
          category.coding = condition-category#encounter-diagnosis Encounter Diagnosis
          code.coding = http://hl7.org/fhir/sid/icd-10#I21.900 急性心肌梗死
          subject.reference = -> Patient 0012345
          encounter.reference = -> Encounter V2024001
          onsetDateTime = 2024-03-05
          identifier.system = urn:medweave:source:his:diagnosis
          identifier.value = 14dca9dc74b1ee04|V2024001/I21.900/A
        Update AllergyIntolerance urn:medweave:source:his:allergy 14dca9dc74b1ee04/青霉素
          type = allergy
          category = medication
          code.text = 青霉素
          patient.reference = -> Patient 0012345
          clinicalStatus.coding = allergyintolerance-clinical#active Active
          criticality = high
          reaction.manifestation.text = 皮疹
          identifier.system = urn:medweave:source:his:allergy
          identifier.value = 14dca9dc74b1ee04/青霉素
    "#]]
    .assert_eq(&shown(&mapped_bytes(&bytes), &[]));
}

fn stay(trigger: &str, pv1_45: &str) -> Mapped {
    mapped(&format!(
        "MSH|^~\\&|HIS||||20240102||ADT^{trigger}|1|P|2.5
         EVN|{trigger}|20240102030405
         PID|1||7^^^HOSP^MR||Doe^Ann
         PV1|1|I|4E^401^A|||3W^301^B|||||||||||||V1|||||||||||||||||||||||||20240101|{pv1_45}"
    ))
}

#[test]
fn the_status_of_a_stay_follows_the_event_then_its_end_then_its_class() {
    for (trigger, end, status) in [
        ("A01", "", "in-progress"),
        ("A02", "", "in-progress"),
        ("A03", "20240105", "finished"),
        ("A04", "", "in-progress"),
        ("A05", "", "planned"),
        ("A06", "", "in-progress"),
        ("A08", "", "in-progress"),
        ("A08", "20240105", "finished"),
        ("A11", "", "cancelled"),
        ("A12", "", "in-progress"),
        ("A13", "20240105", "in-progress"),
        ("A31", "", "in-progress"),
    ] {
        let mapped = stay(trigger, end);
        let encounter = &resource(&mapped, "Encounter", "V1").resource;
        assert_eq!(encounter.get("status").unwrap().as_str(), Some(status), "{trigger} {end}");
        let has_end = encounter.get("period").unwrap().get("end").is_some();
        assert_eq!(has_end, !end.is_empty() && trigger != "A13", "{trigger}");
    }
}

#[test]
fn a_transfer_ends_one_place_and_begins_another_and_the_store_keeps_those_before() {
    let transfer = stay("A02", "");
    let encounter = resource(&transfer, "Encounter", "V1");
    let places: Vec<String> =
        encounter.resource.get("location").unwrap().items().iter().map(ToString::to_string).collect();
    assert!(places[0].contains(r#""status":"active","period":{"start":"2024-01-02T03:04:05+08:00"}"#), "{places:?}");
    assert!(places[1].contains(r#""status":"completed","period":{"end":"2024-01-02T03:04:05+08:00"}"#), "{places:?}");

    let entry = |reference: &str, status: &str| {
        Tree::from([("location", Tree::from([("reference", reference.into())])), ("status", status.into())])
    };
    let mut stored = encounter.resource.clone();
    stored.set("location", vec![entry("Location/old", "completed"), entry("Location/now", "active")]);
    let merged = encounter.update(&stored);
    let shown: Vec<String> =
        merged.get("location").unwrap().items().iter().map(|l| l.get("status").unwrap().to_string()).collect();
    assert_eq!(shown, [r#""completed""#, r#""completed""#, r#""active""#, r#""completed""#]);
}

#[test]
fn what_an_event_does_not_tell_of_a_stay_stays() {
    let encounter = |mapped: &Mapped| resource(mapped, "Encounter", "V1").clone();
    let discharged = encounter(&stay("A03", "20240105"));
    let stored = discharged.resource.clone();
    // A later update of the patient does not begin the stay anew.
    let updated = encounter(&stay("A08", "")).update(&stored);
    assert_eq!(updated.get("status").and_then(Tree::as_str), Some("finished"));
    assert_eq!(updated.get("period").unwrap().to_string(), r#"{"start":"2024-01-01","end":"2024-01-05"}"#);
    // Taking the discharge back does.
    let reopened = encounter(&stay("A13", "20240105")).update(&stored);
    assert_eq!(reopened.get("status").and_then(Tree::as_str), Some("in-progress"));
    assert_eq!(reopened.get("period").unwrap().to_string(), r#"{"start":"2024-01-01"}"#);
}

#[test]
fn null_deletes_and_absence_keeps() {
    let update = mapped(
        "MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5
         PID|1||7^^^HOSP^MR||Doe^Ann||\"\"|F|||\"\"||||||||||||||||||20240101",
    );
    let patient = resource(&update, "Patient", "7");
    assert_eq!(patient.cleared, ["birthDate", "address"]);
    let stored = mapped(
        "MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5
         PID|1||7^^^HOSP^MR~8^^^LAB^PI||Doe^Anne||19700101|F|||1 St^^Town||555||||||||||||||||N",
    );
    let merged = patient.update(&resource(&stored, "Patient", "7").resource);
    let text = merged.to_string();
    assert!(text.contains(r#""given":["Ann"]"#) && !text.contains("Anne"), "{text}");
    assert!(merged.get("birthDate").is_none() && merged.get("address").is_none(), "{text}");
    assert!(text.contains(r#""value":"555""#), "{text}");
    assert!(merged.get("deceasedBoolean").is_none(), "{text}");
    assert_eq!(merged.get("deceasedDateTime").unwrap().as_str(), Some("2024-01-01"));
    assert_eq!(merged.get("identifier").unwrap().items().len(), 2);
}

#[test]
fn a_message_without_visit_says_nothing_of_a_stay() {
    let mapped = mapped("MSH|^~\\&|HIS||||20240102||ADT^A28|1|P|2.5\nPID|1||7^^^HOSP^MR||Doe^Ann\nPV1|1|N");
    assert_eq!(mapped.resources.len(), 1);
    assert!(mapped.unmapped.is_empty(), "{:?}", mapped.unmapped);
}

#[test]
fn allergies_of_iam_carry_identity_and_actions() {
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5
         PID|1||7^^^HOSP^MR
         IAM|1|FA^Food|227493005^Cashew nuts^SCT|MI|Itching|A|A-1^HIS||||20200101||202001021030
         IAM|2|DA|L2^Latex^L|SV||D|A-2^HIS|entered twice",
        &["AllergyIntolerance"],
        expect![[r#"
            Update AllergyIntolerance urn:medweave:authority:HIS A-1
              type = allergy
              category = food
              code.coding = http://snomed.info/sct#227493005 Cashew nuts
              patient.reference = -> Patient 7
              clinicalStatus.coding = allergyintolerance-clinical#active Active
              criticality = low
              reaction.manifestation.text = Itching
              reaction.severity = mild
              onsetDateTime = 2020-01-01
              recordedDate = 2020-01-02T10:30:00+08:00
              identifier.system = urn:medweave:authority:HIS
              identifier.value = A-1
            Update AllergyIntolerance urn:medweave:authority:HIS A-2
              type = allergy
              category = medication
              code.coding = urn:medweave:source:his:codes:L#L2 Latex
              patient.reference = -> Patient 7
              verificationStatus.coding = allergyintolerance-verification#entered-in-error Entered in Error
              criticality = high
              identifier.system = urn:medweave:authority:HIS
              identifier.value = A-2
            not mapped [IAM[2]-8]
        "#]],
    );
}

#[test]
fn times_take_the_zone_of_the_source_and_keep_their_precision() {
    let start = |text: &str, zone: &str| {
        let message = lines(&format!(
            "MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5\nPID|1||7\nPV1|1|I|||||||||||||||||V1|||||||||||||||||||||||||{text}"
        ));
        let message = parse(message.as_bytes());
        let zone = jiff::tz::TimeZone::get(zone).unwrap();
        let Ok(Outcome::Mapped(mapped)) = map(&message, &Settings { zone, ..Settings::new("his") }) else { panic!() };
        let period = resource(&mapped, "Encounter", "V1").resource.get("period").cloned();
        (period.and_then(|period| period.get("start")?.as_str().map(str::to_owned)), mapped.issues.len())
    };
    for (text, zone, expected) in [
        ("2024", "Asia/Shanghai", "2024"),
        ("202407", "Asia/Shanghai", "2024-07"),
        ("20240701", "Asia/Shanghai", "2024-07-01"),
        ("202407011530", "Asia/Shanghai", "2024-07-01T15:30:00+08:00"),
        ("20240701153001.25", "Europe/Berlin", "2024-07-01T15:30:01.25+02:00"),
        ("20240101153001", "Europe/Berlin", "2024-01-01T15:30:01+01:00"),
        ("20240101153001-0500", "Europe/Berlin", "2024-01-01T15:30:01-05:00"),
        ("20240101153001", "America/New_York", "2024-01-01T15:30:01-05:00"),
    ] {
        assert_eq!(start(text, zone), (Some(expected.to_owned()), 0), "{text} {zone}");
    }
    assert_eq!(start("20240230", "Asia/Shanghai"), (None, 1));
}

#[test]
fn times_without_a_zone_take_that_of_the_header() {
    let berlin = Settings { zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(), ..Settings::new("his") };
    let admitted = |sent: &str, at: &str| {
        let text = format!(
            "MSH|^~\\&|HIS|HOSP|||{sent}||ADT^A01|1|P|2.5\rPID|1||7^^^HOSP^MR\rPV1|1|I|W1||||||||||||||||V1{}{at}",
            "|".repeat(25)
        );
        let Outcome::Mapped(mapped) = map(&parse(text.as_bytes()), &berlin).unwrap() else { panic!("{text}") };
        let stay = resource(&mapped, "Encounter", "V1").resource.clone();
        stay.get("period").and_then(|period| period.get("start")).and_then(Tree::as_str).unwrap().to_owned()
    };
    assert_eq!(admitted("20240305120000", "202401010800"), "2024-01-01T08:00:00+01:00");
    assert_eq!(admitted("20240305120000-0500", "202401010800"), "2024-01-01T08:00:00-05:00");
    assert_eq!(admitted("20240305120000+0545", "202401010800"), "2024-01-01T08:00:00+05:45");
    assert_eq!(admitted("20240305120000-0500", "202401010800+0900"), "2024-01-01T08:00:00+09:00");
    // The source's own zone in summer: winter is an hour less.
    assert_eq!(admitted("20240705120000+0200", "202401010800"), "2024-01-01T08:00:00+01:00");
}
