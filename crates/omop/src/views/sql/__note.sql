SELECT d._id AS id, d._row * 1048576 + d.content * 256 AS note_id, p.person_id, d.encounter_id, d.author_id,
       omop_date(coalesce(d.referenced, d.period_start), coalesce(d.referenced_text, d.period_start_text)) AS note_date,
       omop_datetime(coalesce(d.referenced, d.period_start), coalesce(d.referenced_text, d.period_start_text)) AS note_datetime,
       CASE WHEN d.referenced IS NULL THEN 'begin of what it is about' ELSE omop_imputed(d.referenced, d.referenced_text) END AS date_rule,
       coalesce(d.title, d.description) AS note_title, coalesce(d.type_text, d.type_display, d.type_code) AS note_source_value,
       omop_attachment(d.json, d.content) AS note_text,
       CASE WHEN d.status IN ('superseded', 'entered-in-error') THEN d.status WHEN d.doc_status = 'entered-in-error' THEN d.doc_status
            WHEN d.content >= 4096 THEN 'too-many-parts' WHEN p.person_id IS NULL THEN 'no-person'
            WHEN coalesce(d.referenced, d.period_start) IS NULL THEN 'no-date' END AS unlike
FROM omop.__who p
RIGHT JOIN (
  SELECT d.*, r.json FROM document d JOIN (SELECT _row, json FROM resource WHERE type = 'DocumentReference') r ON d._row = r._row
  WHERE d.content IS NOT NULL
) d ON p.patient_id = d.patient_id
