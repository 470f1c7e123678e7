-- @target DocumentReference @key n.note_id @patient n.person_id
SELECT identifier('urn:medweave:source:{source}:note', n.note_id)      AS identifier,
       'current'                                                       AS status,
       text(coalesce(n.note_source_value, n.note_title))               AS "type.text",
       ref('Patient', n.person_id)                                     AS subject,
       instant(coalesce(n.note_datetime, n.note_date || 'T00:00:00'))  AS date,
       ref('Provider', n.provider_id)                                  AS author,
       text(n.note_title)                                              AS description,
       coalesce(ref('VisitDetail', d.visit_detail_id), ref('Visit', n.visit_occurrence_id))
                                                                       AS "context.encounter",
       'text/plain'                                                    AS "content.attachment.contentType",
       text(n.note_text)                                               AS "content.attachment.data",
       text(n.note_title)                                              AS "content.attachment.title"
FROM note n
LEFT JOIN visit_detail d ON d.visit_detail_id = n.visit_detail_id AND d.visit_occurrence_id = n.visit_occurrence_id
